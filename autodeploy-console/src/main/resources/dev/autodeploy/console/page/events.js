// What happened, newest first.

import { h, replace } from './dom.js';
import { get, listen } from './api.js';
import { t, duration, money, timeOf, dateOf, known } from './words.js';

const MOST = 500;
const OFFERED = 20;

export function describe(e) {
  const reason = e.reason && known('reason.' + e.reason) ? t('reason.' + e.reason) : e.reason;
  if (e.type === 'budget-used' || e.type === 'engine-budget-used') return t('event.' + e.type, { percent: e.percent });
  if (e.type === 'schedule-changed') {
    return t('event.schedule-changed-' + (e.schedule.closed ? 'closed' : e.schedule.warm ? 'warm' : 'open'), { n: e.schedule.warm });
  }
  if (e.type === 'instance-asleep' && e.message) return t('event.instance-asleep-for', { message: e.message, seconds: duration(e.seconds) });
  const foreseen = e.expectedSeconds !== undefined && (e.type === 'instance-ready' || e.type === 'instance-starting') ? '-expected' : '';
  const kind = e.type !== 'prepared' ? e.type : e.message ? 'prepared-failed' : e.fetched ? 'prepared' : 'prepared-nothing';
  return t('event.' + kind + foreseen, {
    reason,
    message: e.type === 'degraded' && !e.message ? t('allThere') : e.message,
    from: e.from && t(e.from),
    to: e.to && t(e.to),
    seconds: e.seconds !== undefined ? duration(e.seconds) : '',
    expected: e.expectedSeconds !== undefined ? duration(e.expectedSeconds) : '',
    cost: e.cost ? money(e.cost.amount, e.cost.currency) : '',
  });
}

const BAD = new Set(['instance-start-failed', 'instance-exited', 'instance-replaced', 'instance-release-failed']);

export function eventItem(e, withName = true) {
  return h('li', { class: 'event', 'data-kind': BAD.has(e.type) ? 'bad' : e.type },
    h('time', { datetime: e.at, title: dateOf(e.at) }, timeOf(e.at)),
    h('span', { class: 'mark', 'aria-hidden': 'true' }),
    h('span', { class: 'what' },
      withName && e.deployment ? [h('a', { href: '#/d/' + encodeURIComponent(e.deployment) }, e.deployment), ' '] : null,
      describe(e),
      e.instanceId ? h('span', { class: 'muted id' }, ' ', e.instanceId) : null));
}

export function showEvents(main, only) {
  const list = h('ol', { class: 'events' });
  const none = h('p', { class: 'empty', hidden: true }, t('eventsEmpty'));
  // Of any number of deployments only those are offered whose names fit what is typed.
  const offered = h('datalist', { id: 'offered' });
  const choice = h('input', { type: 'search', list: 'offered', 'aria-label': t('deployment'), placeholder: t('allDeployments'),
    value: only || '', autocomplete: 'off', spellcheck: 'false' });
  function choose() {
    const typed = choice.value.trim();
    const one = offered.children.length === 1 && offered.firstChild.value.includes(typed);
    const name = typed && one ? offered.firstChild.value : typed;
    if (name === (only || '')) return;
    location.hash = name ? '#/events/' + encodeURIComponent(name) : '#/events';
  }
  let asked = 0;
  async function offer() {
    const ask = ++asked;
    const { deployments } = await get('deployments?limit=' + OFFERED + '&name=' + encodeURIComponent(choice.value.trim()));
    if (ask !== asked) return; // more was typed meanwhile
    replace(offered, deployments.map((d) => h('option', { value: d.name })));
  }
  let typing = 0;
  choice.addEventListener('input', (event) => {
    const chosen = !event.inputType || event.inputType === 'insertReplacementText';
    if (chosen || !choice.value) { choose(); return; }
    clearTimeout(typing);
    typing = setTimeout(() => offer().catch(() => {}), 200);
  });
  choice.addEventListener('change', choose);
  choice.addEventListener('focus', () => offer().catch(() => {}), { once: true });
  replace(main, h('div', { class: 'headline' }, h('h1', {}, t('events')), choice, offered), none, list);
  let highest = 0;

  function add(e) {
    if (e.number <= highest || (only && e.deployment !== only)) return;
    highest = e.number;
    list.prepend(eventItem(e));
    while (list.children.length > MOST) list.lastChild.remove();
    none.hidden = true;
  }

  async function load() {
    const { events } = await get('events?limit=' + MOST + (only ? '&deployment=' + encodeURIComponent(only) : ''));
    list.replaceChildren();
    highest = 0;
    events.reverse().forEach(add);
    none.hidden = list.children.length > 0;
  }

  load().catch(() => {});
  return listen(({ type, data }) => {
    if (type === 'reset') load().catch(() => {});
    else if (type === 'event') add(data);
  });
}
