// The list of deployments.

import { h, replace, text, attribute } from './dom.js';
import { get, listen, now, session } from './api.js';
import { t, dateOf, duration, money, number } from './words.js';

export function status(value) {
  return h('span', { class: 'status', 'data-status': value, title: t(value + 'Hint') },
    h('span', { class: 'mark', 'aria-hidden': 'true' }), h('span', {}, t(value)));
}

// A deployment whose last start failed is told as failed until one succeeds, whatever it does now.
export const statusOf = (d) => (d.lastFailure && d.status === 'standby' ? 'failed_' : d.status);

export function copyButton(label, value) {
  const button = h('button', { type: 'button', class: 'small', 'aria-label': label }, t('copy'));
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(value());
    } catch {
      // Without HTTPS there is no clipboard: the text is selected for Ctrl+C instead.
      const target = button.parentElement.querySelector('a, code, pre');
      if (target) getSelection().selectAllChildren(target);
      return;
    }
    text(button, t('copied'));
    setTimeout(() => text(button, t('copy')), 1500);
  });
  return button;
}

export const absolute = (link) => (link ? new URL(link, location.href).href : null);

export function countdown(element) {
  const seconds = (Date.parse(element.dataset.until) - now()) / 1000;
  const words = element.dataset.words || 'releaseInTime';
  text(element, seconds <= 0 ? t('releaseNow') : t(words, { time: duration(Math.ceil(seconds)) }));
}

export function setCountdown(element, moment) {
  if (moment) {
    element.dataset.until = moment;
    countdown(element);
  } else {
    delete element.dataset.until;
    text(element, t('notScheduled'));
  }
}

export function inUse(d) {
  const parts = [];
  if (d.inFlight > 0) parts.push(t('inFlight', { n: number(d.inFlight) }));
  if (d.pending > 0) parts.push(t('pending', { n: number(d.pending) }));
  return parts.length ? parts.join(', ') : t('noRequests');
}

function row(d) {
  const part = {
    name: h('a', { class: 'name', href: '#/d/' + encodeURIComponent(d.name) }, d.name),
    description: h('span', { class: 'muted description' }),
    status: h('span'),
    phase: h('span', { class: 'muted phase' }),
    failure: h('span', { class: 'failure' }),
    link: h('a', { class: 'link', target: '_blank', rel: 'noopener noreferrer' }),
    noLink: h('span', { class: 'muted' }, t('noLink')),
    instances: h('span'),
    use: h('span', { class: 'muted' }),
    release: h('span', { class: 'release' }),
    total: h('span', { class: 'total' }),
    month: h('span', { class: 'month' }),
    always: h('span', { class: 'muted always', title: t('alwaysOnHint') }),
  };
  let link = null;
  const copy = copyButton(t('copyLink', { name: d.name }), () => link);
  const linkBox = h('span', { class: 'linkbox' }, part.link, copy);
  // Opening the link would start an instance, so it is for copying.
  part.link.addEventListener('click', (event) => event.preventDefault());
  const cell = (label, ...children) => h('td', { 'data-label': label }, ...children);
  const element = h('tr', { 'data-deployment': d.name },
    h('th', { scope: 'row' }, part.name, part.description),
    cell(t('status'), part.status, part.phase, part.failure),
    cell(t('link'), linkBox, part.noLink),
    cell(t('instances'), part.instances, part.use),
    cell(t('releaseIn'), part.release),
    h('td', { 'data-label': t('soFar'), class: 'number' }, part.total),
    h('td', { 'data-label': t('thisMonth'), class: 'number' }, part.month),
    h('td', { 'data-label': t('alwaysOn'), class: 'number' }, part.always));
  let value = '';
  return {
    element,
    get data() { return d; },
    update(fresh) {
      d = fresh;
      link = absolute(d.link);
      text(part.description, d.description);
      const shown = statusOf(d);
      if (value !== shown) {
        replace(part.status, status(shown));
        attribute(element, 'data-status', shown);
        value = shown;
      }
      part.failure.hidden = !d.lastFailure;
      text(part.failure, d.lastFailure ? t('failedAt', { time: dateOf(d.lastFailureAt), message: d.lastFailure.message }) : '');
      attribute(part.failure, 'title', d.lastFailure?.message || null);
      text(part.phase, t('phase.' + d.phase));
      attribute(part.link, 'href', link);
      // The scheme says nothing here; the copy button takes the whole.
      text(part.link, link ? link.replace(/^https?:\/\//, '') : '');
      attribute(part.link, 'title', link);
      linkBox.hidden = !link;
      part.noLink.hidden = !!link;
      text(part.instances, number(d.instances) + ' / ' + number(d.maxInstances));
      text(part.use, inUse(d));
      setCountdown(part.release, d.releaseAt);
      text(part.total, money(d.cost.total, d.cost.currency));
      text(part.month, money(d.cost.month, d.cost.currency));
      text(part.always, money(d.cost.alwaysOn, d.cost.currency));
    },
  };
}

function sums(rows) {
  const by = new Map();
  for (const { data } of rows) {
    const sum = by.get(data.cost.currency) || { total: 0, month: 0, always: 0 };
    sum.total += Number(data.cost.total);
    sum.month += Number(data.cost.month);
    sum.always += Number(data.cost.alwaysOn);
    by.set(data.cost.currency, sum);
  }
  return by;
}

export function tile(label, value, note, title) {
  return h('div', { class: 'tile', title }, h('dt', {}, label), h('dd', {}, value, note ? h('small', {}, note) : null));
}

function empty() {
  return h('section', { class: 'empty' },
    h('h2', {}, t('emptyTitle')), h('p', {}, t('emptyText')),
    session.actions
      ? [h('ol', {}, h('li', {}, t('emptyStep1')), h('li', {}, t('emptyStep2')), h('li', {}, t('emptyStep3'))),
        h('a', { class: 'button primary', href: '#/new' }, t('newDeploy'))]
      : h('p', {}, t('emptyReadOnly')));
}

export function showList(main) {
  const rows = new Map();
  const body = h('tbody');
  const totals = h('dl', { class: 'tiles', 'aria-label': t('totals') });
  const search = h('input', { type: 'search', placeholder: t('search'), 'aria-label': t('search'), autocomplete: 'off' });
  const filter = h('div', { class: 'choices', role: 'group', 'aria-label': t('status') });
  const found = h('span', { class: 'muted', role: 'status' });
  let wanted = '';
  let next = null; // where the deployments go on that are not loaded yet
  for (const value of ['', 'running', 'idle', 'standby']) {
    const button = h('button', { type: 'button', class: 'choice', 'aria-pressed': value === '' }, value ? t(value) : t('all'));
    button.addEventListener('click', () => {
      wanted = value;
      for (const other of filter.children) attribute(other, 'aria-pressed', other === button);
      look();
    });
    filter.append(button);
  }
  const tools = h('div', { class: 'tools' }, search, filter, found);
  const column = (label, kind) => h('th', { scope: 'col', class: kind }, label);
  const table = h('table', { class: 'deployments' },
    h('caption', { class: 'hidden' }, t('deployments')),
    h('thead', {}, h('tr', {}, column(t('name')), column(t('instanceStatus')), column(t('link')), column(t('instances')),
      column(t('releaseIn')), column(t('soFar'), 'number'), column(t('thisMonth'), 'number'), column(t('alwaysOn'), 'number'))),
    body);
  const nothing = h('p', { class: 'empty', hidden: true }, t('nothingFound'));
  const more = h('button', { type: 'button', class: 'more', hidden: true }, t('more'));
  more.addEventListener('click', () => add('after=' + encodeURIComponent(next), true).catch(() => {}));
  const content = h('div', {}, totals, tools, table, nothing, more);
  const none = empty();
  const waiting = h('p', { class: 'empty' }, t('loading'));
  replace(main, h('h1', {}, t('deployments')), waiting, content, none);
  content.hidden = true;
  none.hidden = true;

  function sift() {
    const words = search.value.trim().toLowerCase();
    let shown = 0;
    for (const { element, data } of rows.values()) {
      const fits = (!wanted || data.status === wanted)
        && (data.name.includes(words) || data.description.toLowerCase().includes(words));
      element.hidden = !fits;
      if (fits) shown++;
    }
    nothing.hidden = shown > 0 || rows.size === 0;
    table.hidden = shown === 0;
    text(found, shown === rows.size ? '' : t('found', { shown: number(shown), all: number(rows.size) }));
  }

  function total() {
    const running = [...rows.values()].filter((r) => r.data.status === 'running').length;
    const tiles = [tile(t('runningNow'), number(running), t('ofAll', { n: number(rows.size) + (next ? '+' : '') }))];
    for (const [currency, sum] of sums(rows.values())) {
      const saved = sum.always > 0 ? Math.round((1 - sum.total / sum.always) * 100) : null;
      tiles.push(tile(t('thisMonth'), money(sum.month, currency)), tile(t('soFar'), money(sum.total, currency)),
        tile(t('alwaysOn'), money(sum.always, currency), saved !== null && saved > 0 ? t('saved') + ' ' + saved + '%' : null, t('alwaysOnHint')));
    }
    replace(totals, tiles);
    waiting.hidden = true;
    content.hidden = rows.size === 0;
    none.hidden = rows.size > 0;
    tools.hidden = rows.size < 4;
  }

  function put(d) {
    let known = rows.get(d.name);
    if (!known) {
      known = row(d);
      rows.set(d.name, known);
      body.append(known.element);
    }
    known.update(d);
  }

  function drop(name) {
    rows.get(name)?.element.remove();
    rows.delete(name);
  }

  let later = null;
  function settle() {
    clearTimeout(later);
    later = setTimeout(() => { total(); sift(); }, 50);
  }

  // A host with very many has only some of them loaded: the others are looked for there.
  let looking = null;
  function look() {
    sift();
    clearTimeout(looking);
    if (!next) return;
    const words = search.value.trim();
    looking = setTimeout(() => add('name=' + encodeURIComponent(words) + (wanted ? '&state=' + wanted : '')).catch(() => {}), 200);
  }

  async function add(query, goesOn) {
    const page = await get('deployments?' + query);
    page.deployments.forEach(put);
    if (goesOn) goOn(page.next);
    total();
    sift();
  }

  function goOn(name) {
    next = name;
    more.hidden = !next;
  }

  async function load() {
    const { deployments, next: name } = await get('deployments');
    goOn(name);
    const names = new Set(deployments.map((d) => d.name));
    for (const name of [...rows.keys()]) if (!names.has(name)) drop(name);
    deployments.forEach(put);
    total();
    sift();
  }

  search.addEventListener('input', look);
  load().catch(() => {});
  const stop = listen(({ type, data }) => {
    if (type === 'reset') load().catch(() => {});
    else if (type === 'deployment') { put(data); settle(); }
    else if (type === 'removed') { drop(data.name); settle(); }
  });
  return () => {
    clearTimeout(later);
    clearTimeout(looking);
    stop();
  };
}
