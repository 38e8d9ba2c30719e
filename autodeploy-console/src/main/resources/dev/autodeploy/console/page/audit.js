// Who did what, newest first.

import { h, replace } from './dom.js';
import { get, listen } from './api.js';
import { t, momentOf, known } from './words.js';

const MOST = 500;

function row(entry) {
  const action = known('audit.' + entry.action) ? t('audit.' + entry.action) : entry.action;
  const outcome = known('audit.' + entry.outcome) ? t('audit.' + entry.outcome) : entry.outcome;
  const bad = !['done', 'accepted', 'session expired'].includes(entry.outcome);
  const cell = (label, ...content) => h('td', { 'data-label': t(label) }, ...content);
  return h('tr', { 'data-action': entry.action, 'data-outcome': bad ? 'bad' : 'good' },
    cell('audit.at', h('time', { datetime: entry.at }, momentOf(entry.at))),
    cell('audit.user', h('span', { class: 'what' }, entry.user || t('audit.nobody')), entry.address ? h('span', { class: 'muted address' }, ' ', entry.address) : null),
    cell('audit.what', action),
    cell('deployment', entry.deployment ? h('span', { class: 'what' }, entry.deployment) : '–'),
    cell('audit.detail', h('span', { class: 'what' }, entry.detail || '–')),
    cell('audit.outcome', h('span', { class: bad ? 'outcome bad' : 'outcome' }, outcome, entry.times > 1 ? ' ×' + entry.times : null)));
}

export function showAudit(main) {
  const body = h('tbody');
  const none = h('p', { class: 'empty', hidden: true }, t('audit.empty'));
  const table = h('table', { class: 'audit' },
    h('thead', {}, h('tr', {}, ['audit.at', 'audit.user', 'audit.what', 'deployment', 'audit.detail', 'audit.outcome']
      .map((key) => h('th', { scope: 'col' }, t(key))))),
    body);
  replace(main, h('div', { class: 'headline' }, h('h1', {}, t('audit'))),
    h('p', { class: 'muted' }, t('audit.text')), none, table);

  async function load() {
    const { entries } = await get('audit?limit=' + MOST);
    replace(body, entries.map(row));
    none.hidden = entries.length > 0;
    table.hidden = entries.length === 0;
  }

  load().catch((error) => {
    replace(main, h('p', { class: 'empty', role: 'alert' }, error.message));
  });
  return listen(({ type }) => {
    if (type === 'event' || type === 'action' || type === 'reset') load().catch(() => {});
  });
}
