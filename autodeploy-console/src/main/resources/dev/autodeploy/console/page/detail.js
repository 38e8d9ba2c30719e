// One deployment: how it is, what it did, what it writes, and what can be done about it.

import { whatIfPanel } from './whatif.js';
import { h, replace, text, attribute } from './dom.js';
import { change, get, listen, logStream, now, path, session } from './api.js';
import { t, bytes, duration, money, number, price, dateOf, timeOf, known } from './words.js';
import { countdown, inUse, setCountdown, status, statusOf, tile } from './list.js';
import { curlPanel, linkLine, probeText, scheduleLines } from './form.js';
import { eventItem } from './events.js';
import { originLine, showOrigin } from './snapshot.js';
import * as charts from './charts.js';
import { notice } from './app.js';

const MOST_LINES = 2000;
let chosenWindow = 'hour';

function ask(question, options = {}) {
  return new Promise((resolve) => {
    const input = options.input ? h('input', { 'aria-label': question, maxlength: 128, value: options.input, spellcheck: 'false' }) : null;
    const check = options.check ? h('input', { type: 'checkbox', id: 'ask-check' }) : null;
    const dialog = h('dialog', { 'aria-label': question },
      h('form', { method: 'dialog' }, h('p', {}, question), input,
        check ? h('p', { class: 'check' }, check, ' ', h('label', { for: 'ask-check' }, options.check)) : null,
        h('div', { class: 'buttons' },
          h('button', { value: 'yes', class: options.danger ? 'danger' : 'primary' }, options.yes),
          h('button', { value: 'no', type: 'submit', formnovalidate: true }, t('cancel')))));
    dialog.addEventListener('close', () => {
      dialog.remove();
      const answer = input ? input.value.trim() : true;
      resolve(dialog.returnValue !== 'yes' ? null : check ? { answer, checked: check.checked } : answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function progressPanel() {
  const bar = h('progress', { max: 100, 'aria-label': t('starting') });
  const step = h('p', { class: 'muted' });
  const time = h('p', { class: 'muted', 'data-progress-since': '' });
  const parts = h('ul', { class: 'parts', 'aria-label': t('layers') });
  const title = h('h2', {}, t('starting'));
  const stages = ['image', 'start', 'ready'].map((key) => h('li', { 'data-stage': key }, t('stage.' + key)));
  const element = h('section', { class: 'panel progress', 'aria-label': t('starting') },
    title, h('ol', { class: 'stages' }, stages), bar, time, step, parts);
  element.hidden = true;
  let d = null;
  const bars = new Map();

  // One bar for each layer, made once: a bar that is built again does not move.
  function showParts(all) {
    const names = new Set(all.map((p) => p.name));
    for (const [name, known] of bars) {
      if (names.has(name)) continue;
      known.element.remove();
      bars.delete(name);
    }
    for (const part of all) {
      let known = bars.get(part.name);
      if (!known) {
        const own = h('progress', { max: 100, 'aria-label': part.name });
        const state = h('span', { class: 'muted' });
        known = { own, state, element: h('li', {}, h('code', {}, part.name), own, state) };
        bars.set(part.name, known);
        parts.append(known.element);
      }
      attribute(known.element, 'data-state', part.state);
      text(known.state, t('part.' + part.state) + (part.total > 0 ? ', ' + bytes(part.total) : ''));
      known.own.value = part.state === 'done' ? 100 : part.total > 0 ? Math.min(100, (part.current / part.total) * 100) : 0;
    }
    parts.hidden = all.length === 0;
  }

  function show() {
    if (!d || element.hidden) return;
    text(title, t(d.startingSince ? 'starting' : 'preparing'));
    const seconds = Math.max(0, (now() - Date.parse(d.startingSince)) / 1000);
    const typical = d.typicalStartSeconds;
    text(time, !d.startingSince ? '' : typical
      ? t('startProgress', { time: duration(Math.floor(seconds)), typical: duration(typical) })
      : t('startProgressFirst', { time: duration(Math.floor(seconds)) }));
    const progress = d.instanceList.find((i) => i.progress)?.progress || (d.startingSince ? null : d.preparation);
    if (progress) {
      const percent = progress.total > 0 ? Math.min(100, Math.round((progress.current / progress.total) * 100)) : null;
      const words = progress.step + (progress.detail ? ' · ' + progress.detail : '');
      text(step, percent === null ? words : t('stepProgress', { step: words, percent }));
    } else {
      text(step, '');
    }
    const preparing = !!progress && progress.preparing;
    stages.forEach((stage, i) => attribute(stage, 'aria-current', i === (preparing ? 0 : 1) ? 'step' : null));
    showParts(preparing ? progress.parts : []);
    // The learned time tells more than one step's share; the share is better than nothing.
    if (preparing && progress.total > 0) bar.value = Math.min(97, (progress.current / progress.total) * 100);
    else if (preparing) bar.removeAttribute('value');
    else if (typical) bar.value = Math.min(97, (seconds / typical) * 100);
    else if (progress && progress.total > 0) bar.value = Math.min(97, (progress.current / progress.total) * 100);
    else bar.removeAttribute('value');
  }
  time.addEventListener('tick', show);
  return {
    element,
    update(fresh) {
      d = fresh;
      element.hidden = !d.startingSince && !d.preparation;
      attribute(time, 'data-progress-since', d.startingSince || null);
      show();
    },
  };
}

// Colours of a terminal say nothing here.
const plain = (line) => line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');

function logPanel(name) {
  const output = h('pre', { class: 'log', tabindex: '0', role: 'log', 'aria-label': t('log'), 'aria-live': 'off' });
  const choice = h('select', { 'aria-label': t('instance') });
  const follow = h('input', { type: 'checkbox', id: 'follow', checked: true });
  const followBox = h('label', { class: 'check', for: 'follow' }, follow, t('follow'));
  const note = h('p', { class: 'muted' });
  const element = h('section', { class: 'panel' },
    h('div', { class: 'headline' }, h('h2', {}, t('log')), choice, followBox), output, note);
  let shown = null;
  let close = () => {};

  function open(id) {
    if (id === shown) return;
    close();
    shown = id;
    output.replaceChildren();
    text(note, t('logEmpty'));
    close = logStream(name, id, ({ lines, reset }) => {
      if (reset) output.replaceChildren();
      for (const line of lines) output.append(h('span', { class: 'line' }, plain(line), '\n'));
      while (output.children.length > MOST_LINES) output.firstChild.remove();
      text(note, output.children.length ? '' : t('logEmpty'));
      if (follow.checked) output.scrollTop = output.scrollHeight;
    }, () => text(note, t('logEnded')));
  }

  choice.addEventListener('change', () => open(choice.value));
  return {
    element,
    close: () => close(),
    update(d) {
      const ids = d.instanceList.map((i) => i.id);
      if (shown && !ids.includes(shown)) ids.unshift(shown);
      const current = [...choice.options].map((o) => o.value);
      if (current.join() !== ids.join()) {
        replace(choice, ids.map((id) => h('option', { value: id, selected: id === shown }, id)));
      }
      const newest = d.instanceList[d.instanceList.length - 1];
      const gone = shown && !d.instanceList.some((i) => i.id === shown);
      if (newest && (!shown || gone)) open(newest.id);
      choice.value = shown;
      choice.hidden = ids.length === 0;
      followBox.hidden = ids.length === 0;
      output.hidden = !shown;
      if (!shown) text(note, t('noLog'));
    },
  };
}

function inLine(d) {
  return d.waitsFor && h('section', { class: 'panel' }, h('h2', {}, t('inLine')), h('p', {}, d.waitsFor));
}

function failure(d) {
  if (!d.lastFailure) return null;
  const f = d.lastFailure;
  const retry = h('span');
  if (d.backoffUntil) {
    retry.dataset.until = d.backoffUntil;
    retry.dataset.words = 'retryIn';
    countdown(retry);
  }
  return h('section', { class: 'panel bad', role: 'alert' },
    h('h2', {}, t('lastFailure'), ' ', h('span', { class: 'muted' }, dateOf(d.lastFailureAt))),
    h('p', {}, f.message, ' ', h('span', { class: 'muted' }, `(${t('attempts', { n: f.attempts })}, ${duration(f.elapsedSeconds)})`)),
    f.exit ? h('p', {}, f.exit.outOfMemory ? t('oom') + ' ' : null, f.exit.exitCode !== null ? t('exitCode', { code: f.exit.exitCode }) : null) : null,
    f.lastProbe && !f.message.includes(f.lastProbe) ? h('p', {}, t('lastProbe', { text: f.lastProbe })) : null,
    f.logTail.length ? h('pre', { class: 'log' }, f.logTail.map(plain).join('\n')) : null, retry);
}

function degraded(d) {
  return d.degraded
    ? h('section', { class: 'panel bad', role: 'alert' }, h('h2', {}, t('degraded')), h('p', {}, plain(d.degraded)))
    : null;
}

function unpriced(d) {
  return d.unpriced
    ? h('section', { class: 'panel bad', role: 'status' }, h('h2', {}, t('unpriced')), h('p', {}, plain(d.unpriced)))
    : null;
}

function instanceTable(d) {
  if (d.instanceList.length === 0) return h('p', { class: 'muted' }, t('noInstanceNow'));
  const reason = (value) => (known('reason.' + value) ? t('reason.' + value) : value);
  return h('table', { class: 'instances' },
    h('thead', {}, h('tr', {}, [t('instance'), t('phase'), t('requests'), t('startedAt'), t('readyIn'), t('releaseIn')].map((l) => h('th', { scope: 'col' }, l)))),
    h('tbody', {}, d.instanceList.map((i) => {
      const release = h('span');
      setCountdown(release, i.releaseAt);
      const phase = i.phase === 'ready' ? (i.inFlight > 0 ? 'busy' : 'waiting') : i.phase;
      return h('tr', {},
        h('th', { scope: 'row' }, h('code', {}, i.id)),
        h('td', { 'data-label': t('phase') }, t('phase.' + phase), h('span', { class: 'muted phase' }, reason(i.releaseReason || i.startReason))),
        h('td', { 'data-label': t('requests') }, number(i.inFlight)),
        h('td', { 'data-label': t('startedAt') }, timeOf(i.startRequestedAt)),
        h('td', { 'data-label': t('readyIn') }, i.readyAt ? duration((Date.parse(i.readyAt) - Date.parse(i.startRequestedAt)) / 1000) : '–'),
        h('td', { 'data-label': t('releaseIn') }, release));
    })));
}

function iso(value) {
  const m = /^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(value);
  return m ? duration(Number(m[1] || 0) * 86400 + Number(m[2] || 0) * 3600 + Number(m[3] || 0) * 60 + Number(m[4] || 0)) : value;
}

const budgetAmount = (b, amount) => (b.currency ? money(amount, b.currency) : t('gpuHours', { n: number(Math.round(Number(amount) / 36) / 100) }));

function budgetPanel(d) {
  const b = d.budget;
  if (!b || b.startable) return null;
  const words = { spent: budgetAmount(b, b.spent), limit: budgetAmount(b, b.limit), period: t('budget.' + b.period) };
  return h('section', { class: 'panel bad', role: 'alert', id: 'budget-over' }, h('h2', {}, t('budget')),
    h('p', {}, t(b.exhausted ? 'budget.exhausted' : 'budget.noStart', words), ' ', b.resetsAt ? t('budget.resets', { time: dateOf(b.resetsAt) }) : ''));
}

function scheduleText(s) {
  if (!s) return '';
  const time = s.until ? dateOf(s.until) : '';
  if (s.closed) return s.until ? t('schedule.closed', { time }) : t('schedule.closedAlways');
  if (s.warm) return t('schedule.warm', { n: s.warm, time });
  if (s.idleTimeout) return t('schedule.idle', { timeout: iso(s.idleTimeout), time });
  return s.until ? t('schedule.next', { time }) : '';
}

function origin(snapshot) {
  const line = originLine();
  get('provider').then((offer) => showOrigin(line, offer.snapshots, snapshot)).catch(() => {});
  return line;
}

function settings(spec, why) {
  const gpu = spec.gpu.ids ? spec.gpu.ids.join(', ') : spec.gpu.count === 'all' ? t('form.gpuAll') : spec.gpu.count === 0 ? t('form.gpuNone') : t('form.gpuCount', { n: spec.gpu.count });
  const line = (label, value, code) => [h('dt', {}, label), h('dd', {}, code && value ? h('code', {}, value) : value || t('none'))];
  return h('section', { class: 'panel' }, h('h2', {}, t('settings')), h('dl', { class: 'settings' },
    line(spec.snapshot ? t('form.snapshot') : t('form.image'), spec.snapshot || spec.image, true),
    ...(spec.snapshot ? [h('dt', {}), h('dd', {}, origin(spec.snapshot))] : []),
    line(t('form.gpu'), gpu + (spec.gpu.memoryBytes ? ' · ' + bytes(spec.gpu.memoryBytes) : '') + (spec.gpu.model ? ' · ' + spec.gpu.model : '')),
    line(t('form.port'), String(spec.port)), line(t('form.startCommand'), spec.startCommand || (spec.arguments || []).join(' '), true),
    line(t('form.idle'), spec.idleTimeout === null ? t('engineDefault') : spec.idleTimeout === 'never' ? t('never') : spec.idleTimeout === 'custom' ? t('form.custom') : spec.idleTimeout.startsWith('adaptive') ? spec.idleTimeout : iso(spec.idleTimeout)),
    [h('dt', {}), h('dd', { class: 'muted', id: 'idle-why' }, why)],
    ...(spec.schedule ? [line(t('form.schedule'), [...scheduleLines(spec.schedule), spec.schedule.zone].join('\n'))] : []),
    line(t('form.max'), number(spec.maxInstances)),
    line(t('form.concurrency'), spec.concurrency === 'unlimited' ? t('unlimited') : number(spec.concurrency)),
    line(t('form.price'), spec.pricePerHour ? price(spec.pricePerHour.amount, spec.pricePerHour.currency) : t('engineDefault')),
    line(t('form.health'), probeText(spec.readiness), true),
    line(t('form.startTimeout'), iso(spec.startTimeout) + (spec.startTimeoutFactor ? ' · ' + t('form.startTimeoutFactor') + ': ' + number(spec.startTimeoutFactor) : '')),
    ...(spec.liveness ? [line(t('form.liveness'), probeText(spec.liveness), true), line(t('form.livenessInterval'), iso(spec.livenessInterval)), line(t('form.livenessThreshold'), number(spec.livenessThreshold))] : []),
    ...(spec.maxRequestTime ? [line(t('form.maxRequestTime'), iso(spec.maxRequestTime))] : []),
    ...(spec.sleepMode ? [line(t('form.sleepMode'), t('sleep.' + (typeof spec.sleepMode === 'string' ? spec.sleepMode : 'own')))] : []),
    ...(spec.sleepAfter ? [line(t('form.sleepAfter'), iso(spec.sleepAfter))] : []),
    ...(spec.memoryBytes ? [line(t('form.memory'), bytes(spec.memoryBytes))] : []),
    ...(spec.cpus ? [line(t('form.cpus'), number(spec.cpus))] : []),
    ...(spec.maxProcesses ? [line(t('form.maxProcesses'), number(spec.maxProcesses))] : []),
    ...(spec.maxLifetime ? [line(t('form.maxLifetime'), iso(spec.maxLifetime))] : []),
    line(t('form.env'), spec.environmentNames.join(', '), true)));
}

export function showDetail(main, name) {
  const address = path('deployments', name);
  let alive = true;
  let d = null;
  let timer = null;
  let historyTimer = null;

  const title = h('h1', {}, name);
  const chip = h('span', { class: 'chip', id: 'status' });
  const phase = h('span', { class: 'muted', id: 'phase' });
  const description = h('p', { class: 'muted description' });
  const hours = h('p', { class: 'muted', id: 'schedule' });
  const link = h('div');
  const buttons = h('div', { class: 'buttons' });
  const tiles = h('dl', { class: 'tiles' });
  const failed = h('div');
  const progress = progressPanel();
  const instances = h('div');
  const graph = h('div', { class: 'charts' });
  const log = logPanel(name);
  const curl = h('div');
  const set = h('div');
  const recent = h('ol', { class: 'events' });
  const choices = h('div', { class: 'choices', role: 'group', 'aria-label': t('window') });
  for (const window of ['hour', 'day', 'week']) {
    const button = h('button', { type: 'button', class: 'choice', 'aria-pressed': window === chosenWindow }, t(window));
    button.addEventListener('click', () => {
      chosenWindow = window;
      for (const other of choices.children) attribute(other, 'aria-pressed', other === button);
      draw();
    });
    choices.append(button);
  }
  replace(main, h('p', { class: 'empty' }, t('loading')));
  const page = [
    h('div', { class: 'headline' }, title, chip, phase, buttons), description, hours, link, failed, progress.element, tiles,
    h('section', { class: 'panel' }, h('h2', {}, t('instances')), instances),
    h('section', { class: 'panel' }, h('div', { class: 'headline' }, h('h2', {}, t('history')), choices), graph),
    whatIfPanel(address), log.element, curl,
    h('div', { class: 'columns' }, set,
      h('section', { class: 'panel' }, h('div', { class: 'headline' }, h('h2', {}, t('events')), h('a', { href: '#/events/' + encodeURIComponent(name) }, t('all'))), recent))];

  async function act(action, work, done) {
    try {
      await work();
      notice(t(done, { name }));
    } catch (error) {
      notice(t('failed', { name, message: error.message }), true);
    }
    soon();
  }

  if (session.actions) {
    const button = (key, kind, work) => {
      const b = h('button', { type: 'button', class: kind, id: 'do-' + key }, t(key));
      b.addEventListener('click', work);
      return b;
    };
    replace(buttons,
      button('start', 'primary', () => act('start', () => change('POST', address + '/start'), 'done.start')),
      button('prepare', '', () => act('prepare', () => change('POST', address + '/prepare', { cancel: !!d.preparation }), d.preparation ? 'done.cancelPrepare' : 'done.prepare')),
      button('drain', '', () => act('release', () => change('POST', address + '/release', { forced: false }), 'done.release')),
      button('force', '', async () => {
        if (await ask(t('ask.force', { name }), { yes: t('force'), danger: true })) {
          act('release', () => change('POST', address + '/release', { forced: true }), 'done.release');
        }
      }),
      button('snapshot', '', async () => {
        const wanted = await ask(t('ask.snapshot'), { yes: t('snapshot'), check: t('ask.volumes'), input: name + '-' + new Date().toISOString().slice(0, 10) });
        if (wanted?.answer) act('snapshot', () => change('POST', address + '/snapshot', { name: wanted.answer, includeVolumes: wanted.checked }), 'done.snapshot');
      }),
      h('p', { class: 'hint', id: 'declared' }),
      h('a', { class: 'button', href: '#/edit/' + encodeURIComponent(name), id: 'do-edit' }, t('edit')),
      button('delete', 'danger', async () => {
        if (await ask(t('ask.delete', { name }), { yes: t('delete'), danger: true })) {
          await act('remove', () => change('DELETE', address), 'done.remove');
          location.hash = '#/';
        }
      }));
  }

  let shownSettings = '';
  let shownFailure = '';
  let shownInstances = '';
  let statusShown = '';

  function show(fresh) {
    const first = d === null;
    const changed = first || d.phase !== fresh.phase || d.instances !== fresh.instances;
    d = fresh;
    if (first) replace(main, page);
    const shown = statusOf(d);
    if (statusShown !== shown) {
      replace(chip, status(shown));
      attribute(chip, 'data-status', d.status);
      statusShown = shown;
    }
    text(phase, t('phase.' + d.phase));
    text(description, d.description);
    description.hidden = !d.description;
    text(hours, scheduleText(d.schedule));
    hours.hidden = !d.schedule;
    const release = h('span');
    setCountdown(release, d.releaseAt);
    const c = d.cost;
    const saved = Number(c.alwaysOn) > 0 ? Math.round((1 - Number(c.total) / Number(c.alwaysOn)) * 100) : null;
    replace(tiles,
      tile(t('instances'), number(d.instances) + ' / ' + number(d.maxInstances)),
      tile(t('requests'), inUse(d), t('usedSoFar', { n: number(d.requests), c: number(d.coldStarts) })),
      tile(t('releaseIn'), release),
      d.startEstimate ? tile(t('startEstimate'), h('span', { id: 'start-estimate' }, duration(d.startEstimate.medianSeconds)), t('startEstimate.p95', { p95: duration(d.startEstimate.p95Seconds), n: d.startEstimate.starts })) : null,
      d.budget ? tile(t('budget'), h('span', { id: 'budget' }, budgetAmount(d.budget, d.budget.spent)), t('budget.of', { percent: number(d.budget.percent), limit: budgetAmount(d.budget, d.budget.limit), period: t('budget.' + d.budget.period) })) : null,
      tile(t('thisMonth'), money(c.month, c.currency)),
      tile(t('soFar'), h('span', { id: 'total' }, money(c.total, c.currency)), t('sinceMade', { time: dateOf(c.since) })),
      tile(t('costParts'), h('span', { id: 'parts' }, ['starting', 'busy', 'idle', 'asleep', 'releasing'].filter((p) => p !== 'asleep' || d.spec?.sleepMode || Number(c.asleep) > 0)
        .map((p) => h('span', { class: 'part' }, t('seg.' + p), ' ', money(c[p], c.currency))))),
      tile(t('alwaysOn'), money(c.alwaysOn, c.currency), saved !== null && saved > 0 ? t('saved') + ' ' + saved + '%' : null, t('alwaysOnHint')));
    if (d.instanceList) {
      // Only changed parts are built again: an alert would be read out each time.
      const failedKey = JSON.stringify([d.lastFailure, d.backoffUntil && d.lastFailure?.attempts, d.degraded, d.unpriced, d.waitsFor, d.budget && [d.budget.exhausted, d.budget.startable, d.budget.resetsAt]]);
      if (failedKey !== shownFailure) {
        shownFailure = failedKey;
        replace(failed, failure(d), budgetPanel(d), inLine(d), degraded(d), unpriced(d));
      }
      progress.update(d);
      const instancesKey = JSON.stringify(d.instanceList.map((i) => ({ ...i, busySeconds: 0, progress: null })));
      if (instancesKey !== shownInstances) {
        shownInstances = instancesKey;
        replace(instances, instanceTable(d));
      }
      log.update(d);
      const key = JSON.stringify([d.spec, d.link, d.idleExplanation]);
      if (key !== shownSettings) {
        shownSettings = key;
        replace(link, linkLine(d));
        replace(set, settings(d.spec, d.idleExplanation));
        replace(curl, curlPanel(d, d.spec));
      }
    }
    if (session.actions) {
      const button = (id) => buttons.querySelector('#do-' + id);
      button('start').disabled = d.status === 'running' || d.phase === 'starting';
      text(button('prepare'), t(d.preparation ? 'cancelPrepare' : 'prepare'));
      button('drain').disabled = d.status !== 'running' && d.phase !== 'asleep';
      button('force').disabled = d.instances === 0;
      if (d.instanceList) {
        const declared = buttons.querySelector('#declared');
        text(declared, d.declaredIn ? t('declaredIn', { file: d.declaredIn }) : '');
        for (const it of [button('edit'), button('delete')]) it.hidden = !!d.declaredIn;
        declared.hidden = !d.declaredIn;
      }
    }
    if (changed && !first) drawSoon();
  }

  function missing() {
    alive = false;
    log.close();
    replace(main, h('section', { class: 'empty' }, h('p', {}, t('gone', { name })), h('a', { class: 'button', href: '#/' }, t('back'))));
  }

  async function load() {
    try {
      const fresh = await get(address);
      if (alive) show(fresh);
    } catch (error) {
      if (alive && error.status === 404) missing();
    }
  }

  // Several changes in a row are read once.
  function soon() {
    if (timer) return;
    timer = setTimeout(() => {
      timer = null;
      if (alive) load();
    }, 250);
  }

  async function draw() {
    try {
      const history = await get(address + '/history?window=' + chosenWindow);
      if (!alive) return;
      replace(graph, charts.timeline(history), charts.requests(history), charts.starts(history), charts.costs(history));
    } catch {
      // The next change draws it again.
    }
  }

  function drawSoon() {
    clearTimeout(historyTimer);
    historyTimer = setTimeout(() => alive && draw(), 800);
  }

  async function loadEvents() {
    const { events } = await get('events?limit=8&deployment=' + encodeURIComponent(name));
    if (alive) replace(recent, events.map((e) => eventItem(e, false)));
  }

  const narrow = matchMedia('(max-width: 760px)');
  narrow.addEventListener('change', draw);
  load();
  draw();
  loadEvents().catch(() => {});
  // A time line moves on by itself while an instance exists.
  const moving = setInterval(() => {
    if (!document.hidden && d && d.instances > 0) draw();
  }, 10000);
  const stop = listen(({ type, data }) => {
    if (!alive) return;
    if (type === 'reset') {
      load();
      draw();
      loadEvents().catch(() => {});
    } else if (type === 'deployment' && data.name === name) soon();
    else if (type === 'removed' && data.name === name) missing();
    else if (type === 'event' && data.deployment === name) {
      recent.prepend(eventItem(data, false));
      while (recent.children.length > 8) recent.lastChild.remove();
    }
  });
  return () => {
    alive = false;
    clearTimeout(timer);
    clearTimeout(historyTimer);
    clearInterval(moving);
    narrow.removeEventListener('change', draw);
    log.close();
    stop();
  };
}
