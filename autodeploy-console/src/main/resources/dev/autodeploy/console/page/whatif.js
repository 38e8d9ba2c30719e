// What the recent requests would have cost with other idle timeouts, as a chart and a table.

import { h, svg, replace } from './dom.js';
import { get } from './api.js';
import { legend } from './charts.js';
import { t, duration, money, number, dateOf } from './words.js';

const W = 700;
const H = 260;
const LEFT = 56;
const RIGHT = 20;
const TOP = 14;
const BOTTOM = 218;

function label(point) {
  return point.setting === 'timeout' ? duration(point.idleTimeoutSeconds) : t('whatIf.' + point.setting);
}

// By money, or by GPU hours where everything is free.
function measure(answer) {
  const free = answer.points.every((p) => Number(p.cost) === 0);
  return free
    ? [(p) => p.gpuSeconds / 3600, (v) => t('gpuHours', { n: number(Math.round(v * 100) / 100) })]
    : [(p) => Number(p.cost), (v) => (v === 0 ? '0' : money(v, answer.currency))];
}

function mark(point, x, y) {
  const title = svg('title', {}, label(point));
  if (point.setting === 'adaptive') {
    return svg('path', { class: 'whatif adaptive', d: `M${x} ${y - 8}L${x + 8} ${y}L${x} ${y + 8}L${x - 8} ${y}Z` }, title);
  }
  return svg('circle', { class: 'whatif ' + point.setting, cx: x, cy: y, r: point.setting === 'today' ? 8 : 4 }, title);
}

function chart(answer) {
  const [value, format] = measure(answer);
  const shown = answer.points.filter((p) => p.setting !== 'always-on');
  const most = Math.max(...shown.map(value)) || 1;
  const cold = Math.max(1, ...shown.map((p) => p.coldStarts));
  const x = (p) => LEFT + (value(p) / most) * (W - LEFT - RIGHT);
  const y = (p) => BOTTOM - (p.coldStarts / cold) * (BOTTOM - TOP);
  const timeouts = shown.filter((p) => p.setting === 'timeout');
  const today = shown.find((p) => p.setting === 'today');
  const adaptive = shown.find((p) => p.setting === 'adaptive');
  const words = { today: format(value(today)), starts: number(today.coldStarts), adaptive: format(value(adaptive)), fewer: number(adaptive.coldStarts) };
  return h('figure', { class: 'chart' },
    h('figcaption', {}, h('strong', {}, t('whatIf.chart')), h('span', { class: 'muted', id: 'what-if-words' }, t('whatIf.words', words))),
    svg('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-labelledby': 'what-if-words', preserveAspectRatio: 'xMidYMid meet' },
      [0, 0.5, 1].map((part) => [
        svg('line', { class: 'grid', x1: LEFT, x2: W - RIGHT, y1: BOTTOM - (BOTTOM - TOP) * part, y2: BOTTOM - (BOTTOM - TOP) * part }),
        svg('text', { x: LEFT - 6, y: BOTTOM - (BOTTOM - TOP) * part + 4, 'text-anchor': 'end' }, number(Math.round(cold * part * 10) / 10)),
        svg('text', { x: LEFT + (W - LEFT - RIGHT) * part, y: BOTTOM + 18, 'text-anchor': part === 0 ? 'start' : part === 1 ? 'end' : 'middle' }, format(most * part))]),
      svg('text', { x: (LEFT + W - RIGHT) / 2, y: H - 4, 'text-anchor': 'middle' }, t('whatIf.cost')),
      svg('text', { x: 14, y: (TOP + BOTTOM) / 2, 'text-anchor': 'middle', transform: `rotate(-90 14 ${(TOP + BOTTOM) / 2})` }, t('whatIf.coldStarts')),
      svg('path', { class: 'line always', d: timeouts.map((p, i) => (i ? 'L' : 'M') + x(p).toFixed(1) + ' ' + y(p).toFixed(1)).join('') }),
      [...timeouts, adaptive, today].map((p) => mark(p, x(p), y(p)))),
    legend(['today', t('whatIf.today')], ['adaptive', t('whatIf.adaptive')], ['timeout', t('whatIf.timeouts')]));
}

function table(answer) {
  const [value, format] = measure(answer);
  const heads = ['setting', 'cost', 'coldStarts', 'wait', 'refused'];
  return h('table', { class: 'what-if' },
    h('thead', {}, h('tr', {}, heads.map((key) => h('th', { scope: 'col' }, t('whatIf.' + key))))),
    h('tbody', {}, answer.points.map((p) => h('tr', { class: p.setting },
      h('th', { scope: 'row' }, label(p)), h('td', {}, format(value(p))), h('td', {}, number(p.coldStarts)),
      h('td', {}, duration(p.waitP95Seconds)), h('td', {}, number(p.refused))))));
}

// It takes some seconds with many requests, so it is asked for.
export function whatIfPanel(address) {
  const body = h('div', { id: 'what-if', role: 'region', 'aria-live': 'polite' });
  const ask = h('button', { class: 'small', id: 'ask-what-if', type: 'button', onclick: async () => {
    ask.disabled = true;
    replace(body, h('p', { class: 'empty' }, t('loading')));
    try {
      const answer = await get(address + '/what-if');
      if (answer.requests === 0) replace(body, h('p', { class: 'empty' }, t('whatIf.none')));
      else {
        replace(body, chart(answer),
          h('p', { class: 'muted' }, t('whatIf.basis', { n: number(answer.requests), from: dateOf(answer.from), until: dateOf(answer.until), start: duration(answer.startSeconds) })),
          table(answer));
      }
    } catch (error) {
      replace(body, h('p', { class: 'empty', role: 'alert' }, error.message));
    }
    ask.disabled = false;
  } }, t('whatIf.ask'));
  return h('section', { class: 'panel' }, h('h2', {}, t('whatIf')), h('p', { class: 'muted' }, t('whatIf.hint')), h('div', {}, ask), body);
}
