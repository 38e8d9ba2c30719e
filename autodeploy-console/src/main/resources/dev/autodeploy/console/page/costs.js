// What instances have cost: by deployment, time, GPU model and caller, as a table and to take away.

import { h, replace } from './dom.js';
import { download, get, now } from './api.js';
import { t, duration, money, number } from './words.js';
import { budgetPanel } from './budget.js';

const DAY = 86400000;
const KEYS = ['deployment', 'gpu-model', 'caller'];
const PERIODS = ['', 'hour', 'day', 'week', 'month'];
const PARTS = ['starting', 'busy', 'idle', 'asleep', 'releasing'];
const MOST = 500;

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
let chosen = null; // kept while the page is open

// The day of a moment as an input has it.
function dayOf(moment) {
  const at = new Date(moment);
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
}

function beginning() {
  const today = new Date(now());
  return { from: dayOf(new Date(today.getFullYear(), today.getMonth(), 1)), to: dayOf(now()), period: 'day', keys: ['deployment'] };
}

// The last day is meant to be in it.
function query(format) {
  const end = dayOf(Date.parse(chosen.to + 'T12:00:00') + DAY);
  const by = [...(chosen.period ? [chosen.period] : []), ...chosen.keys].join(',');
  return 'costs?' + new URLSearchParams({ from: chosen.from, to: end, zone, by, format });
}

const name = (value) => (value === null || value === undefined ? h('span', { class: 'muted' }, t('costs.none')) : value);

function row(line, most) {
  const cell = (label, ...content) => h('td', { 'data-label': t('costs.' + label) }, ...content);
  const share = most > 0 ? (100 * Number(line.total)) / most : 0;
  const bar = h('span', { class: 'share', 'aria-hidden': 'true' });
  bar.style.width = share + '%';
  return h('tr', {},
    chosen.period ? cell('period', line.from.slice(0, chosen.period === 'hour' ? 16 : 10).replace('T', ' ')) : null,
    chosen.keys.map((key) => cell(key, h('span', { class: 'what' }, name(line[key === 'gpu-model' ? 'gpuModel' : key])))),
    h('td', { class: 'amount', 'data-label': t('costs.total') }, money(line.total, line.currency), bar),
    PARTS.map((part) => h('td', { class: 'amount', 'data-label': t('costs.' + part), title: duration(line[part + 'Seconds']) }, money(line[part], line.currency))));
}

function sums(lines) {
  const all = new Map();
  for (const line of lines) all.set(line.currency, (all.get(line.currency) || 0) + Number(line.total));
  return [...all].map(([currency, amount]) => money(amount, currency)).join(' + ') || '–';
}

function save(text, format) {
  const link = h('a', { href: URL.createObjectURL(new Blob([text])), download: 'costs-' + chosen.from + '-' + chosen.to + '.' + format });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export function showCosts(main) {
  chosen = chosen || beginning();
  const body = h('div', { class: 'costs-body', role: 'region', 'aria-live': 'polite' });
  let asked = 0;

  async function load() {
    const mine = ++asked;
    try {
      const costs = await get(query('json'));
      if (mine !== asked) return;
      const lines = costs.lines;
      const most = Math.max(0, ...lines.map((line) => Number(line.total)));
      replace(body,
        h('p', { class: 'sum' }, t('costs.sum', { sum: sums(lines), zone })),
        lines.length === 0 ? h('p', { class: 'empty' }, t('costs.empty')) : h('table', { class: 'costs' },
          h('thead', {}, h('tr', {}, [...(chosen.period ? ['period'] : []), ...chosen.keys, 'total', ...PARTS]
            .map((key) => h('th', { scope: 'col' }, t('costs.' + key))))),
          h('tbody', {}, lines.slice(0, MOST).map((line) => row(line, most)))),
        lines.length > MOST ? h('p', { class: 'muted' }, t('costs.more', { n: number(lines.length - MOST) })) : null,
        lines.some((line) => line.takenOver) ? h('p', { class: 'muted' }, t('costs.takenOver')) : null);
    } catch (error) {
      if (mine === asked) replace(body, h('p', { class: 'empty', role: 'alert' }, error.message));
    }
  }

  const dayInput = (key) => h('label', {}, t('costs.' + key), ' ',
    h('input', { type: 'date', id: 'costs-' + key, value: chosen[key], onchange: (event) => { if (event.target.value) { chosen[key] = event.target.value; load(); } } }));
  const period = h('label', {}, t('costs.per'), ' ',
    h('select', { id: 'costs-per', onchange: (event) => { chosen.period = event.target.value; load(); } },
      PERIODS.map((value) => h('option', { value, selected: value === chosen.period }, t('costs.per.' + (value || 'whole'))))));
  const keys = KEYS.map((key) => h('label', {},
    h('input', { type: 'checkbox', id: 'costs-' + key, checked: chosen.keys.includes(key), onchange: (event) => {
      chosen.keys = KEYS.filter((other) => (other === key ? event.target.checked : chosen.keys.includes(other)));
      load();
    } }), ' ', t('costs.' + key)));
  const take = (format) => h('button', { class: 'small', id: 'costs-' + format, onclick: async () => {
    try {
      save(await download(query(format)), format);
    } catch (error) {
      replace(body, h('p', { class: 'empty', role: 'alert' }, error.message));
    }
  } }, format.toUpperCase());

  replace(main,
    h('div', { class: 'headline' }, h('h1', {}, t('costs'))),
    h('div', { class: 'panel costs-choice' }, dayInput('from'), dayInput('to'), period, h('span', { class: 'keys' }, keys), h('span', { class: 'spacer' }), take('csv'), take('json')),
    body,
    budgetPanel());
  load();
}
