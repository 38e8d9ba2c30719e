// Charts, drawn by hand: each is a figure with a sentence that says the same.

import { h, svg } from './dom.js';
import { t, duration, money, number, price, minuteOf, dateOf, dayOf } from './words.js';

// As wide as it will be shown, so that its texts have their size.
const NARROW = matchMedia('(max-width: 760px)');
let W = 400;
const LEFT = 56;
const RIGHT = 8;

function frame(title, sentence, height, ...children) {
  const id = 'chart-' + title.replace(/\W/g, '') + '-' + Math.random().toString(36).slice(2, 7);
  return h('figure', { class: 'chart' },
    h('figcaption', {}, h('strong', {}, title), h('span', { class: 'muted', id }, sentence)),
    svg('svg', { viewBox: `0 0 ${W} ${height}`, role: 'img', 'aria-labelledby': id, preserveAspectRatio: 'xMidYMid meet' }, children));
}

function blank(title, sentence) {
  return h('figure', { class: 'chart' }, h('figcaption', {}, h('strong', {}, title)), h('p', { class: 'empty small' }, sentence));
}

export function legend(...items) {
  return h('ul', { class: 'legend' }, items.map(([kind, label]) => h('li', {}, h('span', { class: 'swatch ' + kind, 'aria-hidden': 'true' }), label)));
}

function scale(from, to) {
  const a = Date.parse(from);
  const b = Date.parse(to);
  return (moment) => LEFT + ((Date.parse(moment) - a) / (b - a)) * (W - LEFT - RIGHT);
}

function timeAxis(history, y) {
  const a = Date.parse(history.from);
  const b = Date.parse(history.to);
  const hours = (b - a) / 3600000;
  const label = hours > 48 ? dayOf : minuteOf;
  const marks = [];
  const parts = W < 500 ? 2 : 4;
  for (let i = 0; i <= parts; i++) {
    const at = a + ((b - a) * i) / parts;
    const x = LEFT + ((W - LEFT - RIGHT) * i) / parts;
    marks.push(svg('line', { class: 'grid', x1: x, x2: x, y1: 4, y2: y }),
      svg('text', { x, y: y + 15, 'text-anchor': i === parts ? 'end' : i === 0 ? 'start' : 'middle' }, label(at)));
  }
  return marks;
}

function nice(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) if (step * power >= value) return step * power;
  return 10 * power;
}

function valueAxis(top, bottom, max, format) {
  return [0, 0.5, 1].map((part) => {
    const y = bottom - (bottom - top) * part;
    return [svg('line', { class: 'grid', x1: LEFT, x2: W - RIGHT, y1: y, y2: y }),
      svg('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, format(max * part))];
  });
}

export function timeline(history) {
  W = NARROW.matches ? 350 : 1170;
  if (history.instances.length === 0) return blank(t('timeline'), t('noInstances'));
  const x = scale(history.from, history.to);
  // Instances that do not overlap share a lane.
  const lanes = [];
  const placed = history.instances.map((instance) => {
    let lane = lanes.findIndex((end) => end <= Date.parse(instance.from));
    if (lane < 0) lane = lanes.length;
    lanes[lane] = Date.parse(instance.to);
    return [instance, lane];
  });
  const laneHeight = lanes.length > 8 ? 10 : 22;
  const bottom = 8 + lanes.length * (laneHeight + 4);
  const bars = placed.map(([instance, lane]) => {
    const y = 6 + lane * (laneHeight + 4);
    return svg('g', {}, svg('title', {}, `${instance.instanceId}\n${dateOf(instance.from)} – ${instance.open ? '…' : dateOf(instance.to)}\n${money(instance.cost.amount, instance.cost.currency)}`),
      instance.segments.map((segment) => {
        const from = Math.max(LEFT, x(segment.from));
        const to = Math.min(W - RIGHT, x(segment.to));
        return to < LEFT ? null : svg('rect', { class: 'seg ' + segment.phase, x: from, y, width: Math.max(0.75, to - from), height: laneHeight });
      }));
  });
  const sentence = t('timelineText', { n: number(history.instances.length), from: dateOf(history.from), to: dateOf(history.to) });
  const figure = frame(t('timeline'), sentence, bottom + 20, timeAxis(history, bottom), bars);
  const phases = new Set(history.instances.flatMap((i) => i.segments.map((s) => s.phase)));
  figure.append(legend(...['starting', 'busy', 'idle', 'asleep', 'ready', 'releasing'].filter((p) => phases.has(p)).map((p) => [p, t('seg.' + p)])));
  if (history.instancesLeftOut > 0) figure.append(h('p', { class: 'muted' }, t('leftOut', { n: number(history.instancesLeftOut) })));
  return figure;
}

export function requests(history) {
  W = NARROW.matches ? 350 : 385;
  const sum = history.requests.reduce((n, b) => n + b.requests, 0);
  const cold = history.requests.reduce((n, b) => n + b.coldStarts, 0);
  if (sum === 0) return blank(t('requestsChart'), t('noRequestsYet'));
  const top = 8;
  const bottom = 130;
  const max = Math.max(2, nice(Math.max(...history.requests.map((b) => b.requests))));
  const x = scale(history.from, history.to);
  const width = ((W - LEFT - RIGHT) * history.bucketSeconds * 1000) / (Date.parse(history.to) - Date.parse(history.from));
  const bars = history.requests.map((bucket) => {
    const left = Math.max(LEFT, x(bucket.at));
    const right = Math.min(W - RIGHT, x(bucket.at) + width);
    if (bucket.requests === 0 || right <= left) return null;
    const bar = (value, kind) => value === 0 ? null : svg('rect', { class: 'bar ' + kind, x: left + 0.75, width: Math.max(1.5, right - left - 1.5), y: bottom - (value / max) * (bottom - top), height: (value / max) * (bottom - top) });
    return svg('g', {}, svg('title', {}, `${dateOf(bucket.at)}: ${t('requestsText', { n: bucket.requests, c: bucket.coldStarts })}`),
      bar(bucket.requests, 'warm'), bar(Math.min(bucket.coldStarts, bucket.requests), 'cold'));
  });
  const figure = frame(t('requestsChart'), t('requestsText', { n: number(sum), c: number(cold) }), bottom + 20,
    valueAxis(top, bottom, max, (v) => (Number.isInteger(v) ? number(v) : '')), timeAxis(history, bottom), bars);
  figure.append(legend(['warm', t('warm')], ['cold', t('cold')]));
  if (history.requestsSince && history.requestsSince > history.from) {
    figure.append(h('p', { class: 'muted' }, t('recordedSince', { time: dateOf(history.requestsSince) })));
  }
  return figure;
}

// Room for a few characters only.
const shortly = (seconds) => (seconds <= 300 ? t('sec', { n: number(seconds) }) : t('wholeMin', { m: number(Math.round(seconds / 6) / 10) }));

export function starts(history) {
  if (history.starts.length === 0) return blank(t('startsChart'), t('noStarts'));
  const top = 8;
  const bottom = 130;
  const sorted = history.starts.map((s) => s.seconds).sort((a, b) => a - b);
  const max = nice(sorted[sorted.length - 1]);
  const x = scale(history.from, history.to);
  const y = (seconds) => bottom - (seconds / max) * (bottom - top);
  const typical = sorted[Math.floor(sorted.length / 2)];
  return frame(t('startsChart'), t('startsText', { n: number(sorted.length), time: duration(typical) }), bottom + 20,
    valueAxis(top, bottom, max, shortly), timeAxis(history, bottom),
    svg('line', { class: 'typical', x1: LEFT, x2: W - RIGHT, y1: y(typical), y2: y(typical) }),
    history.starts.map((s) => svg('circle', { class: 'start', cx: Math.max(LEFT, x(s.at)), cy: y(s.seconds), r: 4 }, svg('title', {}, `${dateOf(s.at)}: ${duration(s.seconds)}`))));
}

export function costs(history) {
  const last = history.cost[history.cost.length - 1];
  const top = 8;
  const bottom = 130;
  const max = nice(Math.max(last.spent, last.alwaysOn));
  if (last.spent === 0 && last.alwaysOn === 0) return blank(t('costChart'), t('noInstances'));
  const x = scale(history.from, history.to);
  const y = (amount) => bottom - (amount / max) * (bottom - top);
  const line = (key) => history.cost.map((p, i) => (i ? 'L' : 'M') + x(p.at).toFixed(1) + ' ' + y(p[key]).toFixed(1)).join('');
  const spent = line('spent');
  const figure = frame(t('costChart'),
    t('costText', { spent: money(last.spent, history.currency), always: money(last.alwaysOn, history.currency) }), bottom + 20,
    valueAxis(top, bottom, max, (v) => (v === 0 ? '0' : price(v, history.currency))), timeAxis(history, bottom),
    svg('path', { class: 'area', d: spent + `L${x(last.at).toFixed(1)} ${bottom}L${LEFT} ${bottom}Z` }),
    svg('path', { class: 'line always', d: line('alwaysOn') }),
    svg('path', { class: 'line spent', d: spent }));
  figure.append(legend(['spent', t('spent')], ['always', t('alwaysOn')]));
  return figure;
}
