// The form of New Deploy, which is also that of a change.

import { h, replace, text, attribute } from './dom.js';
import { change, get, path, session } from './api.js';
import { t, fieldError } from './words.js';
import { copyButton, absolute } from './list.js';
import { originLine, showOrigin } from './snapshot.js';
import { notice } from './app.js';

// The path of a probe that the form can show: a request, whatever its method, headers and so on.
function pathOf(probe) {
  return probe?.type === 'http' ? probe.path : null;
}

export function probeText(probe) {
  if (probe.type === 'custom') return t('form.custom');
  if (probe.type === 'healthCheck') return t('form.healthCheck');
  if (probe.type === 'tcp') return t('form.portAnswers');
  return probe.type === 'http' && Object.keys(probe).length === 2 ? probe.path : JSON.stringify(probe);
}

// A command for the kind of service that this seems to be.
export function curlPanel(d, spec) {
  const link = absolute(d.link);
  if (!link) return null;
  const base = link.replace(/\/$/, '');
  const json = ' \\\n  -H "Content-Type: application/json" \\\n';
  const commands = {
    plain: `curl "${base}/"`,
    speech: `curl -X POST "${base}/v1/audio/speech" \\\n  -H "Authorization: Bearer sk-template"${json}  --data '{"model":"tts-1","voice":"alloy","input":"How about playing basketball after school? The weather looks great today."}' \\\n  --output test_speech.wav`,
    chat: `curl -X POST "${base}/v1/chat/completions"${json}  --data '{"model":"default","messages":[{"role":"user","content":"Hello"}]}'`,
  };
  const hints = [d.name, d.description, spec.image, spec.snapshot, spec.startCommand].join(' ').toLowerCase();
  const guess = /voice|speech|tts/.test(hints) ? 'speech' : /llm|chat|llama|qwen/.test(hints) ? 'chat' : 'plain';
  const code = h('pre', { class: 'command', tabindex: '0' }, h('code', { id: 'curl' }, commands[guess]));
  const kind = h('select', { 'aria-label': t('curl.kind') },
    Object.keys(commands).map((key) => h('option', { value: key, selected: key === guess }, t('curl.' + key))));
  kind.addEventListener('change', () => text(code.firstChild, commands[kind.value]));
  return h('section', { class: 'panel curl' },
    h('div', { class: 'headline' }, h('h2', {}, t('curl')), kind),
    h('div', { class: 'copyable' }, code, copyButton(t('copyCurl'), () => code.textContent)));
}

export function linkLine(d) {
  const link = absolute(d.link);
  if (!link) return null;
  return h('p', { class: 'linkline' }, h('span', { class: 'muted' }, t('link')), ' ',
    h('code', { id: 'service-link' }, link), copyButton(t('copyLink', { name: d.name }), () => link));
}

function field(name, label, control, hint) {
  control.id = 'f-' + name;
  if (!control.name) control.setAttribute('name', name);
  const error = h('p', { class: 'error', id: 'e-' + name });
  error.hidden = true;
  const note = hint ? h('p', { class: 'hint', id: 'h-' + name }, hint) : null;
  attribute(control, 'aria-describedby', (note ? 'h-' + name + ' ' : '') + 'e-' + name);
  return { name, control, error, element: h('div', { class: 'field', 'data-field': name }, h('label', { for: control.id }, label), control, note, error) };
}

const isoMinutes = (minutes) => 'PT' + Math.round(minutes * 60 * 1000) / 1000 + 'S';

function minutesOf(iso) {
  const m = /^PT(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(iso || '');
  return m ? Number(m[1] || 0) * 60 + Number(m[2] || 0) + Number(m[3] || 0) / 60 : null;
}

// A schedule as lines, and back: MON-FRI 08:30-18:00 warm 1.
export function scheduleLines(schedule) {
  return (schedule?.windows || []).map((w) => `${w.days} ${w.from}-${w.to} ` + (w.closed ? 'closed' : w.warm ? 'warm ' + w.warm
    : 'idle ' + (minutesOf(w.idleTimeout) ?? w.idleTimeout)));
}

function scheduleOf(lines, zone) {
  const windows = [];
  lines.split('\n').forEach((line, i) => {
    if (!line.trim()) return;
    const m = /^\s*(\S.*?)\s+(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)\s+(?:(closed)|warm\s+(\d+)|idle\s+(\S+))\s*$/i.exec(line);
    if (!m) throw { field: 'schedule', message: t('form.scheduleLine', { n: i + 1 }), ours: true };
    const window = { days: m[1], from: m[2], to: m[3] };
    if (m[4]) window.closed = true;
    else if (m[5]) window.warm = Number(m[5]);
    else window.idleTimeout = Number.isFinite(Number(m[6])) ? isoMinutes(Number(m[6])) : m[6];
    windows.push(window);
  });
  return windows.length ? { zone, windows } : null;
}

const whole = (value) => (/^\d+$/.test(value) ? Number(value) : value);

export function showForm(main, editing) {
  if (!session.actions) {
    replace(main, h('h1', {}, t('form.title')), h('p', { class: 'empty' }, t('readOnlyHint')));
    return () => {};
  }
  let alive = true;
  let timer = null;
  replace(main, h('p', { class: 'empty' }, t('loading')));
  Promise.all([get('provider').catch(() => ({ images: [], snapshots: [], gpus: [] })),
    editing ? get(path('deployments', editing)) : null])
    .then(([offer, d]) => alive && build(offer, d))
    .catch((error) => alive && replace(main, h('p', { class: 'empty', role: 'alert' }, error.message)));

  function build(offer, d) {
    const spec = d ? d.spec : null;
    const input = (attributes) => h('input', { autocomplete: 'off', ...attributes });
    const list = (id, values) => h('datalist', { id }, values.map((v) => h('option', { value: v })));
    const models = [...new Set(offer.gpus.map((g) => g.model).filter(Boolean))];
    const f = {};
    const add = (name, label, control, hint) => {
      f[name] = field(name, label, control, hint);
      return f[name].element;
    };

    const name = add('name', t('form.name'), input({ required: true, maxlength: 63, spellcheck: 'false', autocapitalize: 'none', readonly: !!d, value: spec?.name }), d ? null : t('form.nameHint'));
    const description = add('description', t('form.description'), input({ maxlength: 1000, value: spec?.description }), t('form.descriptionHint'));

    // GPU: how many, and of which model.
    const counts = ['0', ...offer.gpus.map((_, i) => String(i + 1))];
    if (offer.gpus.length === 0) counts.push('1', '2', '4', '8');
    const kept = spec ? (spec.gpu.ids ? 'ids' : String(spec.gpu.count)) : '0';
    if (!counts.includes(kept) && kept !== 'all' && kept !== 'ids') counts.push(kept);
    const gpuSelect = h('select', {},
      counts.map((n) => h('option', { value: n, selected: n === kept }, n === '0' ? t('form.gpuNone') : t('form.gpuCount', { n }))),
      h('option', { value: 'all', selected: kept === 'all' }, t('form.gpuAll')),
      h('option', { value: 'ids', selected: kept === 'ids' }, t('form.gpuById')));
    const gpu = add('gpu', t('form.gpu'), gpuSelect, null);
    const modelInput = input({ list: 'models', value: spec?.gpu.model, placeholder: t('form.anyModel') });
    const model = h('div', { class: 'field' }, h('label', { for: 'f-model' }, t('form.gpuModel')), modelInput, list('models', models));
    modelInput.id = 'f-model';
    const gpuIds = add('gpuIds', t('form.gpuIds'), input({ list: 'gpuList', value: spec?.gpu.ids?.join(', '), placeholder: '0, 1', spellcheck: 'false' }), t('form.gpuIdsHint'));
    gpuIds.append(list('gpuList', offer.gpus.map((g) => g.id)));
    const GIB = 1 << 30;
    const gpuMemory = add('gpuMemory', t('form.gpuMemory'), input({ inputmode: 'decimal', value: spec?.gpu.memoryBytes ? spec.gpu.memoryBytes / GIB : '', placeholder: t('form.gpuWhole') }), t('form.gpuMemoryHint'));
    const showGpu = () => {
      gpuIds.hidden = gpuSelect.value !== 'ids';
      gpuMemory.hidden = gpuSelect.value === '0' || gpuSelect.value === 'all';
    };
    gpuSelect.addEventListener('change', showGpu);
    showGpu();

    // Image, snapshot, or neither.
    const kinds = ['image', 'snapshot', 'none'];
    const kindNow = spec ? (spec.snapshot ? 'snapshot' : spec.image ? 'image' : 'none') : offer.images.length || !/process/i.test(session.provider) ? 'image' : 'none';
    const labels = { image: t('form.sourceImage'), snapshot: t('form.sourceSnapshot'), none: t('form.sourceNone') };
    const radios = kinds.map((kind) => input({ type: 'radio', name: 'source', value: kind, id: 'source-' + kind, checked: kind === kindNow }));
    const source = h('fieldset', { class: 'choices' }, h('legend', {}, t('form.source')),
      radios.map((radio, i) => h('span', { class: 'radio' }, radio, h('label', { for: radio.id }, labels[kinds[i]]))));
    const image = add('image', t('form.image'), input({ list: 'images', value: spec?.image, spellcheck: 'false' }), t('form.imageHint'));
    image.append(list('images', offer.images));
    const snapshot = add('snapshot', t('form.snapshot'), input({ list: 'snapshots', value: spec?.snapshot, spellcheck: 'false' }), t('form.snapshotHint'));
    snapshot.append(list('snapshots', offer.snapshots.map((s) => s.reference)));
    const origin = originLine();
    snapshot.append(origin);
    const originNow = () => showOrigin(origin, offer.snapshots, f.snapshot.control.value.trim());
    f.snapshot.control.addEventListener('input', originNow);
    originNow();
    const kind = () => radios.find((r) => r.checked)?.value;
    const showSource = () => {
      image.hidden = kind() !== 'image';
      snapshot.hidden = kind() !== 'snapshot';
    };
    radios.forEach((radio) => radio.addEventListener('change', () => { showSource(); soon(); }));
    showSource();

    const port = add('port', t('form.port'), input({ required: true, inputmode: 'numeric', value: spec ? spec.port : '', placeholder: '8080' }), t('form.portHint'));
    const command = add('startCommand', t('form.startCommand'), input({ value: spec?.startCommand, spellcheck: 'false', placeholder: 'cd /BreezyVoice && python api.py' }), t('form.startCommandHint'));
    const idleNow = spec ? minutesOf(spec.idleTimeout) : 5;
    const special = spec && spec.idleTimeout && idleNow === null ? spec.idleTimeout : null;
    const idle = add('idleTimeout', t('form.idle'), input({ value: special && special.startsWith('adaptive') ? special : special ? '' : idleNow, placeholder: special === 'never' ? t('never') : special ? t('form.custom') : t('engineDefault') }), t('form.idleHint'));
    const max = add('maxInstances', t('form.max'), input({ inputmode: 'numeric', value: spec ? spec.maxInstances : 1 }), t('form.maxHint'));
    const currency = h('input', { id: 'f-currency', 'aria-label': t('form.currency'), maxlength: 3, class: 'currency', autocomplete: 'off', value: spec?.pricePerHour?.currency || 'USD' });
    const price = add('pricePerHour', t('form.price'), input({ inputmode: 'decimal', value: spec?.pricePerHour?.amount, placeholder: '0.49' }), t('form.priceHint'));
    const priceBox = h('span', { class: 'withunit' });
    f.pricePerHour.control.replaceWith(priceBox);
    priceBox.append(f.pricePerHour.control, currency);

    const concurrency = add('concurrency', t('form.concurrency'), input({ inputmode: 'numeric', value: spec && spec.concurrency !== 'unlimited' ? spec.concurrency : '', placeholder: t('unlimited') }), t('form.concurrencyHint'));
    const probePath = pathOf(spec?.readiness);
    const ownCheck = spec?.readiness.type === 'healthCheck';
    const otherProbe = spec && probePath === null && !ownCheck && spec.readiness.type !== 'tcp';
    const readiness = add('readiness', t('form.health'), input({ value: ownCheck ? 'HEALTHCHECK' : probePath ?? '', placeholder: otherProbe ? probeText(spec.readiness) : '/health', spellcheck: 'false' }), t('form.healthHint'));
    const args = add('arguments', t('form.arguments'), h('textarea', { rows: 2, spellcheck: 'false', autocomplete: 'off' }), t('form.argumentsHint'));
    f.arguments.control.value = (spec?.arguments || []).join('\n');
    const shown = probePath === null ? {} : spec.readiness;
    const seconds = (iso) => (minutesOf(iso) === null ? '' : minutesOf(iso) * 60);
    const probeMethod = add('probeMethod', t('form.probeMethod'), h('select', {},
      ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'].map((m) => h('option', { value: m, selected: m === (shown.method || 'GET') }, m))));
    const probeTimeout = add('probeTimeout', t('form.probeTimeout'), input({ inputmode: 'decimal', value: shown.timeout ? seconds(shown.timeout) : '', placeholder: '10' }), t('form.probeTimeoutHint'));
    const probeBody = add('probeBody', t('form.probeBody'), input({ value: shown.body ?? '', spellcheck: 'false' }), t('form.probeBodyHint'));
    const probeHeaders = add('probeHeaders', t('form.probeHeaders'), h('textarea', { rows: 2, spellcheck: 'false', autocomplete: 'off' },
      Object.entries(shown.headers || {}).map(([n, v]) => n + ': ' + v).join('\n')), t('form.probeHeadersHint'));
    const probeInterval = add('probeInterval', t('form.probeInterval'), input({ inputmode: 'decimal', value: spec?.probeInterval ? seconds(spec.probeInterval) : '' }), t('form.probeIntervalHint'));
    const probeThreshold = add('probeThreshold', t('form.probeThreshold'), input({ inputmode: 'numeric', value: spec ? spec.probeThreshold : 1 }));
    const livePath = spec?.liveness ? pathOf(spec.liveness) : '';
    const liveness = add('liveness', t('form.liveness'), input({ value: livePath ?? '', placeholder: livePath === null ? probeText(spec.liveness) : '/health', spellcheck: 'false' }), t('form.livenessHint'));
    const livenessInterval = add('livenessInterval', t('form.livenessInterval'), input({ inputmode: 'decimal', value: spec ? seconds(spec.livenessInterval) : '', placeholder: '30' }));
    const livenessThreshold = add('livenessThreshold', t('form.livenessThreshold'), input({ inputmode: 'numeric', value: spec ? spec.livenessThreshold : '', placeholder: '3' }));
    const maxRequestTime = add('maxRequestTime', t('form.maxRequestTime'), input({ inputmode: 'decimal', value: spec?.maxRequestTime ? seconds(spec.maxRequestTime) : '', placeholder: t('unlimited') }), t('form.maxRequestTimeHint'));
    const maxLifetime = add('maxLifetime', t('form.maxLifetime'), input({ inputmode: 'decimal', value: spec?.maxLifetime ? seconds(spec.maxLifetime) : '', placeholder: t('unlimited') }), t('form.maxLifetimeHint'));
    const startTimeout = add('startTimeout', t('form.startTimeout'), input({ inputmode: 'decimal', value: spec ? seconds(spec.startTimeout) : '', placeholder: t('engineDefault') }), t('form.startTimeoutHint'));
    const startFactor = add('startTimeoutFactor', t('form.startTimeoutFactor'), input({ inputmode: 'decimal', value: spec?.startTimeoutFactor ?? '' }), t('form.startTimeoutFactorHint'));
    const ownMode = spec?.sleepMode && typeof spec.sleepMode !== 'string';
    const modes = ['none', 'vllm', 'vllm-2', 'sglang', ...(ownMode ? ['own'] : [])];
    const sleepMode = add('sleepMode', t('form.sleepMode'), h('select', {},
      modes.map((m) => h('option', { value: m, selected: m === (ownMode ? 'own' : spec?.sleepMode || 'none') }, t('sleep.' + m)))), t('form.sleepModeHint'));
    const sleepAfter = add('sleepAfter', t('form.sleepAfter'), input({ inputmode: 'decimal', value: spec?.sleepAfter ? minutesOf(spec.sleepAfter) ?? '' : '' }), t('form.sleepAfterHint'));
    const memory = add('memoryBytes', t('form.memory'), input({ inputmode: 'decimal', value: spec?.memoryBytes ? spec.memoryBytes / GIB : '', placeholder: t('unlimited') }), t('form.memoryHint'));
    const cpus = add('cpus', t('form.cpus'), input({ inputmode: 'decimal', value: spec?.cpus ?? '', placeholder: t('unlimited') }), t('form.cpusHint'));
    const processes = add('maxProcesses', t('form.maxProcesses'), input({ inputmode: 'numeric', value: spec?.maxProcesses ?? '', placeholder: t('unlimited') }), t('form.maxProcessesHint'));
    const ahead = add('prepareAhead', t('form.prepareAhead'), input({ type: 'checkbox', checked: !!spec?.prepareAhead }), t('form.prepareAheadHint'));
    const b = spec?.budget;
    const budgetInput = input({ inputmode: 'decimal', value: b ? (b.gpuTime ? (minutesOf(b.gpuTime) ?? 0) / 60 : b.amount) : '', placeholder: '20' });
    const budget = add('budget', t('form.budget'), budgetInput, t('form.budgetHint'));
    const unit = h('input', { id: 'f-budgetUnit', 'aria-label': t('form.budgetUnit'), maxlength: 5, class: 'currency', autocomplete: 'off', value: b ? (b.gpuTime ? 'GPU h' : b.currency) : currency.value });
    const budgetBox = h('span', { class: 'withunit' });
    budgetInput.replaceWith(budgetBox);
    budgetBox.append(budgetInput, unit);
    const select = (id, label, values, now, words) => h('div', { class: 'field' }, h('label', { for: id }, label),
      h('select', { id }, values.map((v) => h('option', { value: v, selected: v === now }, t(words + v)))));
    const period = select('f-budgetPeriod', t('form.budgetPeriod'), ['day', 'week', 'month', 'total'], b?.period || 'month', 'budget.');
    const end = select('f-budgetEnd', t('form.budgetEnd'), ['drain', 'cut'], b?.end || 'drain', 'budget.');
    const budgetOf = () => {
      if (!value('budget')) return null;
      const gpu = /^gpu/i.test(unit.value.trim());
      const json = { period: period.querySelector('select').value, end: end.querySelector('select').value, zone: b?.zone || Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC' };
      if (b) json.minimumUse = b.minimumUse;
      if (gpu) json.gpuTime = isoMinutes(Number(value('budget')) * 60);
      else Object.assign(json, { amount: value('budget'), currency: unit.value.trim().toUpperCase() });
      return json;
    };
    const schedule = add('schedule', t('form.schedule'), h('textarea', { rows: 3, spellcheck: 'false', autocomplete: 'off', placeholder: 'MON-FRI 08:30-18:00 warm 1' }), t('form.scheduleHint'));
    f.schedule.control.value = scheduleLines(spec?.schedule).join('\n');
    const zones = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
    const zoneInput = input({ list: 'zones', id: 'f-zone', spellcheck: 'false', value: spec?.schedule?.zone || Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC' });
    const zone = h('div', { class: 'field' }, h('label', { for: 'f-zone' }, t('form.scheduleZone')), zoneInput, list('zones', zones));
    const environment = add('environment', t('form.env'), h('textarea', { rows: 3, spellcheck: 'false', autocomplete: 'off' }),
      spec && spec.environmentNames.length ? t('form.envKept', { names: spec.environmentNames.join(', ') }) + ' ' + t('form.envHint') : t('form.envHint'));

    const summary = h('p', { class: 'error', role: 'alert' });
    summary.hidden = true;
    const confirm = h('button', { type: 'submit', class: 'primary', id: 'confirm' }, t(d ? 'form.save' : 'form.confirm'));
    const cancel = h('a', { class: 'button', href: d ? '#/d/' + encodeURIComponent(d.name) : '#/' }, t('form.cancel'));
    const group = (label, ...children) => h('fieldset', { class: 'panel' }, h('legend', {}, t(label)), ...children);
    const form = h('form', { class: 'deploy', novalidate: true },
      group('form.basics', name, description),
      group('form.environment', h('div', { class: 'pair' }, gpu, model), h('div', { class: 'pair' }, gpuIds, gpuMemory), source, image, snapshot),
      group('form.service', h('div', { class: 'pair uneven' }, port, command)),
      group('form.scaling', h('div', { class: 'pair' }, idle, max), price),
      h('details', { class: 'panel' }, h('summary', {}, t('form.more')), h('div', { class: 'pair' }, concurrency, readiness),
        h('div', { class: 'pair' }, probeMethod, probeTimeout), probeBody, probeHeaders,
        h('div', { class: 'pair' }, probeInterval, probeThreshold), h('div', { class: 'pair' }, startTimeout, startFactor),
        liveness, h('div', { class: 'pair' }, livenessInterval, livenessThreshold), h('div', { class: 'pair' }, maxRequestTime, maxLifetime), h('div', { class: 'pair' }, memory, cpus), processes, h('div', { class: 'pair' }, sleepMode, sleepAfter), ahead, h('div', { class: 'pair' }, budget, period), end, h('div', { class: 'pair' }, schedule, zone), args, environment),
      summary, h('div', { class: 'buttons' }, confirm, cancel));
    replace(main, h('h1', {}, d ? t('form.edit', { name: d.name }) : t('form.title')), form);
    if (!d) f.name.control.focus();

    const value = (n) => f[n].control.value.trim();

    function variables() {
      const all = {};
      value('environment').split('\n').forEach((line, i) => {
        if (!line.trim()) return;
        const equals = line.indexOf('=');
        if (equals < 1) throw { field: 'environment', message: t('form.envLine', { n: i + 1 }), ours: true };
        all[line.slice(0, equals).trim()] = line.slice(equals + 1);
      });
      return all;
    }

    const inSeconds = (n) => (value(n) === '' ? null : Number.isFinite(Number(value(n))) ? 'PT' + Number(value(n)) + 'S' : value(n));

    // The probe as the form has it; statuses, which it does not show, stay as they were.
    function request() {
      const probe = { type: 'http', path: value('readiness') };
      for (const kept of ['status', 'minStatus', 'maxStatus']) if (kept in shown) probe[kept] = shown[kept];
      if (value('probeMethod') !== 'GET') probe.method = value('probeMethod');
      if (value('probeBody')) probe.body = value('probeBody');
      if (inSeconds('probeTimeout')) probe.timeout = inSeconds('probeTimeout');
      const lines = f.probeHeaders.control.value.split('\n').filter((line) => line.trim());
      if (lines.length) probe.headers = {};
      lines.forEach((line, i) => {
        const colon = line.indexOf(':');
        if (colon < 1) throw { field: 'probeHeaders', message: t('form.headerLine', { n: i + 1 }), ours: true };
        probe.headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
      });
      return probe;
    }

    function document_() {
      const count = gpuSelect.value;
      const json = {
        name: value('name'), description: value('description'),
        image: kind() === 'image' ? value('image') || null : null,
        snapshot: kind() === 'snapshot' ? value('snapshot') || null : null,
        port: value('port') === '' ? null : whole(value('port')),
        startCommand: value('startCommand') || null,
        arguments: f.arguments.control.value.split('\n').filter((line) => line !== ''),
        maxInstances: value('maxInstances') === '' ? null : whole(value('maxInstances')),
        concurrency: value('concurrency') === '' ? null : whole(value('concurrency')),
        pricePerHour: value('pricePerHour') ? { amount: value('pricePerHour'), currency: currency.value.trim().toUpperCase() } : null,
        environment: variables(),
      };
      const minutes = value('idleTimeout');
      if (minutes !== '') json.idleTimeout = Number.isFinite(Number(minutes)) ? isoMinutes(Number(minutes)) : minutes;
      else if (!special || special.startsWith('adaptive')) json.idleTimeout = null;
      json.gpu = count === 'ids' ? { ids: value('gpuIds').split(/[\s,]+/).filter(Boolean) } : { count: count === 'all' ? 'all' : Number(count) };
      if (modelInput.value.trim()) json.gpu.model = modelInput.value.trim();
      if (!gpuMemory.hidden && value('gpuMemory')) {
        const gib = Number(value('gpuMemory'));
        if (!(gib > 0)) throw { field: 'gpuMemory', message: t('form.gpuMemoryWrong'), ours: true };
        json.gpu.memoryBytes = Math.round(gib * GIB);
      }
      const limit = (n, by) => (value(n) === '' ? null : Number.isFinite(Number(value(n))) ? by(Number(value(n))) : value(n));
      json.probeThreshold = value('probeThreshold') === '' ? null : whole(value('probeThreshold'));
      json.probeInterval = inSeconds('probeInterval');
      json.startTimeout = inSeconds('startTimeout');
      json.startTimeoutFactor = limit('startTimeoutFactor', (n) => n);
      if (value('liveness')) json.liveness = { ...(livePath === value('liveness') ? spec.liveness : {}), type: 'http', path: value('liveness') };
      else if (d && livePath !== null) json.liveness = null;
      json.livenessInterval = inSeconds('livenessInterval');
      json.livenessThreshold = value('livenessThreshold') === '' ? null : whole(value('livenessThreshold'));
      json.maxRequestTime = inSeconds('maxRequestTime');
      json.maxLifetime = inSeconds('maxLifetime');
      if (value('sleepMode') !== 'own') json.sleepMode = value('sleepMode') === 'none' ? null : value('sleepMode');
      json.sleepAfter = value('sleepAfter') === '' || value('sleepMode') === 'none' ? null : Number.isFinite(Number(value('sleepAfter'))) ? isoMinutes(Number(value('sleepAfter'))) : value('sleepAfter');
      json.memoryBytes = limit('memoryBytes', (gib) => Math.round(gib * GIB));
      json.cpus = limit('cpus', (n) => n);
      json.maxProcesses = limit('maxProcesses', (n) => n);
      json.budget = budgetOf();
      json.schedule = scheduleOf(f.schedule.control.value, zoneInput.value.trim());
      json.prepareAhead = f.prepareAhead.control.checked;
      if (value('readiness') === 'HEALTHCHECK') json.readiness = { type: 'healthCheck' };
      else if (value('readiness')) json.readiness = request();
      else if (d && !otherProbe) json.readiness = null;
      return json;
    }

    const touched = new Set();

    function show(errors, onlyTouched) {
      const by = new Map(errors.map((e) => [e.field, e]).reverse());
      for (const item of Object.values(f)) {
        const error = by.get(item.name);
        const visible = error && (!onlyTouched || touched.has(item.name));
        item.error.hidden = !visible;
        text(item.error, visible ? (error.ours ? error.message : fieldError(error)) : '');
        attribute(item.control, 'aria-invalid', visible ? 'true' : null);
      }
      const other = errors.filter((e) => !(e.field in f));
      summary.hidden = onlyTouched || errors.length === 0;
      text(summary, other.length ? other.map((e) => e.message).join(' ') : t('form.wrong'));
    }

    let turn = 0;

    // The server knows what is right: what has been typed so far is shown to it, and nothing is made.
    async function check() {
      const mine = ++turn;
      let errors = [];
      try {
        const json = document_();
        if (d) return;
        await change('POST', 'check', json);
      } catch (error) {
        errors = error.errors || (error.ours ? [error] : []);
      }
      if (alive && mine === turn) show(errors, true);
    }

    function soon() {
      clearTimeout(timer);
      timer = setTimeout(check, 250);
    }

    form.addEventListener('input', (event) => {
      const item = Object.values(f).find((i) => i.control === event.target);
      if (item) touched.add(item.name);
      if (event.target === currency) touched.add('pricePerHour');
      if (event.target === zoneInput) touched.add('schedule');
      soon();
    });

    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      clearTimeout(timer);
      turn++;
      confirm.disabled = true;
      try {
        const json = document_();
        if (d) {
          delete json.name;
          await change('PATCH', path('deployments', d.name), json);
          notice(t('saved_', { name: d.name }));
          location.hash = '#/d/' + encodeURIComponent(d.name);
        } else {
          made(await change('POST', 'deployments', json));
        }
      } catch (error) {
        const errors = error.ours ? [error] : error.errors?.length ? error.errors : [{ field: '', message: error.message }];
        show(errors, false);
        const first = Object.values(f).find((i) => !i.error.hidden);
        if (first) {
          first.element.closest('details')?.setAttribute('open', '');
          first.control.focus();
        }
      } finally {
        confirm.disabled = false;
      }
    });
  }

  function made(d) {
    replace(main,
      h('section', { class: 'made', role: 'status' },
        h('h1', {}, t('made.title', { name: d.name })), linkLine(d), h('p', {}, t('made.text'))),
      curlPanel(d, d.spec),
      h('div', { class: 'buttons' },
        h('a', { class: 'button primary', href: '#/d/' + encodeURIComponent(d.name), id: 'watch' }, t('made.watch', { name: d.name })),
        h('a', { class: 'button', href: '#/' }, t('deployments'))));
    main.focus();
    window.scrollTo(0, 0);
  }

  return () => {
    alive = false;
    clearTimeout(timer);
  };
}
