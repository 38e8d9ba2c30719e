// The frame of the page: header, navigation, notices, and which screen is shown.

import { h, replace, text, attribute } from './dom.js';
import { connect, listen, openSession, session, signOut } from './api.js';
import { t, language } from './words.js';
import { countdown, showList } from './list.js';
import { showForm } from './form.js';
import { showDetail } from './detail.js';
import { showEvents } from './events.js';
import { showAudit } from './audit.js';
import { showCosts } from './costs.js';
import { showGpus } from './gpus.js';
import { showSignIn } from './signin.js';

const main = document.getElementById('main');
let leave = () => {};
let shown = 0;
let forgetConnection = () => {};

export function notice(message, bad = false) {
  const box = document.getElementById('notices');
  const item = h('p', { class: bad ? 'notice bad' : 'notice' }, message);
  box.append(item);
  while (box.children.length > 3) box.firstChild.remove();
  setTimeout(() => item.remove(), bad ? 12000 : 6000);
}

function header() {
  const dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
  const word = h('span', {}, t('connecting'));
  const connection = h('span', { class: 'connection', id: 'connection', role: 'status' }, dot, word);
  forgetConnection();
  forgetConnection = listen(({ type, data }) => {
    if (type !== 'connection') return;
    attribute(connection, 'data-state', data);
    text(word, t(data));
  });
  replace(
    document.getElementById('top'),
    h('a', { class: 'brand', href: '#/' },
      h('img', { src: '-/icon.svg', alt: '', width: 28, height: 28 }), h('span', {}, t('title'))),
    h('nav', { 'aria-label': t('title') },
      h('a', { href: '#/', 'data-screen': 'list' }, t('deployments')),
      h('a', { href: '#/costs', 'data-screen': 'costs' }, t('costs')),
      h('a', { href: '#/gpus', 'data-screen': 'gpus' }, t('gpus')),
      h('a', { href: '#/events', 'data-screen': 'events' }, t('events')),
      session.actions ? h('a', { href: '#/audit', 'data-screen': 'audit' }, t('audit')) : null),
    h('span', { class: 'spacer' }),
    session.actions ? null : h('span', { class: 'badge', title: t(session.user && session.signIn ? 'readOnlyUser' : 'readOnlyHint') }, t('readOnly')),
    connection,
    session.user ? h('span', { class: 'user', id: 'user' }, session.user) : null,
    session.signIn ? h('button', { class: 'small', id: 'sign-out', onclick: leavePage }, t('signOut')) : null,
    session.actions ? h('a', { class: 'button primary', href: '#/new', id: 'new-deploy' }, t('newDeploy')) : null,
  );
}

// The next user begins at the beginning.
async function leavePage() {
  await signOut().catch(() => {});
  location.hash = '#/';
}

function route() {
  const parts = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  leave();
  leave = () => {};
  const screens = {
    '': ['list', () => showList(main)],
    new: ['new', () => showForm(main, null)],
    edit: ['list', () => showForm(main, parts[1])],
    d: ['list', () => showDetail(main, parts[1])],
    costs: ['costs', () => showCosts(main)],
    gpus: ['gpus', () => showGpus(main)],
    events: ['events', () => showEvents(main, parts[1])],
    audit: session.actions ? ['audit', () => showAudit(main)] : undefined,
  };
  const [name, show] = screens[parts[0]] || screens[''];
  for (const link of document.querySelectorAll('nav a')) {
    attribute(link, 'aria-current', link.dataset.screen === name ? 'page' : null);
  }
  leave = show() || (() => {});
  window.scrollTo(0, 0);
  // A screen reader follows to the new screen; at the first one it begins at the top anyway.
  if (shown++ > 0) main.focus({ preventScroll: true });
}

// Everything that counts down or up does so by one clock, which rests when nothing does.
function tick() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll('[data-until]')) {
    countdown(element);
  }
  for (const element of document.querySelectorAll('[data-progress-since]')) {
    element.dispatchEvent(new CustomEvent('tick'));
  }
}

async function begin() {
  document.documentElement.lang = language;
  document.title = t('title');
  const skip = document.getElementById('skip');
  text(skip, t('skip'));
  skip.addEventListener('click', (event) => {
    event.preventDefault();
    main.focus();
  });
  replace(main, h('p', { class: 'empty' }, t('loading')));
  for (;;) {
    try {
      await openSession();
      break;
    } catch (error) {
      replace(main, h('p', { class: 'empty', role: 'alert' }, t('failedPlain', { message: error.message })));
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
  }
  listen(({ type, data }) => {
    if (type === 'signed-out') askWho();
    if (type !== 'action') return;
    if (data.cancelled) return;
    if (!data.ok) notice(t('failed', { name: data.deployment, message: data.message }), true);
    else if (data.action === 'snapshot') notice(t('made.snapshot', { name: data.deployment, result: data.result }));
  });
  window.addEventListener('hashchange', () => { if (!session.signIn || session.user) route(); });
  setInterval(tick, 1000);
  if (session.signIn && !session.user) askWho();
  else open();
}

// Shows the page to somebody who is known, as far as anybody asks.
function open() {
  header();
  if (!document.hidden) connect();
  route();
}

function askWho() {
  leave();
  leave = () => {};
  replace(document.getElementById('top'),
    h('span', { class: 'brand' }, h('img', { src: '-/icon.svg', alt: '', width: 28, height: 28 }), h('span', {}, t('title'))));
  showSignIn(main, open);
}

begin();
