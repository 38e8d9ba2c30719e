// Who has which GPU, who waits for one, and who had which in the last day.

import { h, replace } from './dom.js';
import { get, listen, now } from './api.js';
import { t, bytes, duration, known, momentOf, timeOf } from './words.js';

const DAY = 86400;

const link = (name) => (name ? h('a', { href: '#/d/' + encodeURIComponent(name) }, name) : h('span', { class: 'muted' }, t('gpus.nobodys')));

function phase(holder) {
  const key = holder.phase === 'ready' ? (holder.inFlight > 0 ? 'gpus.busy' : 'gpus.idle') : 'phase.' + holder.phase;
  return known(key) ? t(key, { n: holder.inFlight }) : holder.phase;
}

// A line of the last day, with one bar for each time that somebody had the GPU.
function timeLine(gpu) {
  const end = now() / 1000;
  const bars = gpu.stays.map((stay, i) => {
    const from = Math.max(end - DAY, Date.parse(stay.from) / 1000);
    const to = stay.to ? Date.parse(stay.to) / 1000 : end;
    const names = [...new Set(gpu.stays.map((s) => s.deployment))];
    const bar = h('span', { class: 'stay', 'data-kind': String(names.indexOf(stay.deployment) % 6), title: stay.deployment + ', ' + momentOf(stay.from) + ', ' + duration(to - from) });
    bar.style.left = (100 * (from - end + DAY)) / DAY + '%';
    bar.style.width = Math.max(0.2, (100 * (to - from)) / DAY) + '%';
    return bar;
  });
  return h('div', { class: 'stays', role: 'img', 'aria-label': t('gpus.lineOf', { id: gpu.id, n: gpu.swaps }) }, bars);
}

function card(gpu) {
  const facts = [gpu.model, gpu.memoryBytes ? bytes(gpu.memoryBytes) : '', t('gpus.swaps', { n: gpu.swaps })].filter(Boolean).join(' · ');
  return h('section', { class: 'panel gpu', 'data-gpu': gpu.id },
    h('h2', {}, t('gpus.gpu', { id: gpu.id })),
    h('p', { class: 'muted' }, facts),
    gpu.holders.length === 0
      ? h('p', {}, t('gpus.free'))
      : h('ul', {}, gpu.holders.map((holder) => h('li', {}, link(holder.deployment), ': ', phase(holder), holder.memoryBytes ? ' · ' + t('gpus.share', { size: bytes(holder.memoryBytes) }) : null, h('span', { class: 'muted id' }, ' ', holder.instanceId)))),
    timeLine(gpu));
}

function waiting(all) {
  return h('section', { class: 'panel' },
    h('h2', {}, t('inLine')),
    all.length === 0
      ? h('p', {}, t('gpus.nobodyWaits'))
      : h('ol', {}, all.map((one) => h('li', {}, link(one.deployment), ' ', one.why, ' ', h('span', { class: 'muted' }, t('sinceMade', { time: timeOf(one.since) }))))));
}

function together(host) {
  const facts = [
    host.maxInstances ? t('gpus.instancesOf', { n: host.instances, most: host.maxInstances }) : '',
    host.hostMemoryBytes ? t('gpus.memoryOf', { size: bytes(host.memoryBytes), most: bytes(host.hostMemoryBytes) }) : '',
  ].filter(Boolean).join(' · ');
  return h('section', { class: 'panel', 'data-host': '' }, h('h2', {}, t('gpus.together')), h('p', {}, facts));
}

export function showGpus(main) {
  const body = h('div', { class: 'gpus' });
  const none = h('p', { class: 'empty', hidden: true }, t('gpus.empty'));
  replace(main, h('div', { class: 'headline' }, h('h1', {}, t('gpus'))), none, body);

  async function load() {
    const all = await get('gpus');
    none.hidden = all.gpus.length > 0 || all.waiting.length > 0 || all.host !== null;
    replace(body, all.host ? together(all.host) : null, all.gpus.map(card), none.hidden ? waiting(all.waiting) : null);
  }

  load().catch((error) => {
    replace(main, h('p', { class: 'empty', role: 'alert' }, error.message));
  });
  const timer = setInterval(() => { if (!document.hidden) load().catch(() => {}); }, 10000);
  const forget = listen(({ type }) => {
    if (type === 'event' || type === 'reset') load().catch(() => {});
  });
  return () => {
    clearInterval(timer);
    forget();
  };
}
