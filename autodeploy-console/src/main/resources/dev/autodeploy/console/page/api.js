// Talks to the API, whose addresses are relative to wherever the page is mounted.

const BASE = '-/api/';

export let session = { signIn: false, actions: false, token: null, user: null, provider: '' };

// The secret of a session is in no cookie: browsers send cookies to every port of a host, and so to
// instances behind a link. This storage belongs to the page's own origin and to this tab.
const SECRET = 'autodeploy.session';
let secret = sessionStorage.getItem(SECRET);

function keep(value) {
  secret = value;
  if (value) sessionStorage.setItem(SECRET, value);
  else sessionStorage.removeItem(SECRET);
}

// What a page asks for by itself does not count as use of a session.
const UNATTENDED_AFTER = 60000;
let touched = Date.now();
for (const type of ['pointerdown', 'keydown', 'wheel']) {
  addEventListener(type, () => { touched = Date.now(); }, { capture: true, passive: true });
}

function headersOf(method) {
  const headers = { 'X-AutoDeploy-Page': '1' };
  if (secret) headers.Authorization = 'Bearer ' + secret;
  if (Date.now() - touched > UNATTENDED_AFTER) headers['X-AutoDeploy-Unattended'] = '1';
  if (method !== 'GET') {
    headers['X-AutoDeploy-Token'] = session.token || '';
    headers['Content-Type'] = 'application/json';
  }
  return headers;
}

function signedOut() {
  keep(null);
  if (!session.user) return;
  session = { ...session, actions: false, token: null, user: null };
  disconnect();
  tell('signed-out', null);
}

let clockOffset = 0;

// The server's time, by which all its moments are meant.
export function now() {
  return Date.now() + clockOffset;
}

function noteClock(moment) {
  clockOffset = Date.parse(moment) - Date.now();
}

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || 'HTTP ' + status);
    this.status = status;
    this.errors = problem.errors || [];
  }
}

async function call(method, path, body) {
  const answer = await fetch(BASE + path, {
    method,
    headers: headersOf(method),
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: 'no-store',
  });
  const json = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (answer.status === 401 && session.signIn && path !== 'sign-in') signedOut();
  if (!answer.ok) throw new ApiError(answer.status, json);
  return json;
}

export const get = (path) => call('GET', path);

// The text of an answer, to be saved: a link could not say which session it belongs to.
export async function download(path) {
  const answer = await fetch(BASE + path, { headers: headersOf('GET'), cache: 'no-store' });
  if (answer.status === 401 && session.signIn) signedOut();
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})));
  return answer.text();
}

// A token is of one run of the host application: after a restart it is fetched again, once.
export async function change(method, path, body) {
  try {
    return await call(method, path, body);
  } catch (error) {
    if (error.status !== 403 || !session.actions) throw error;
    await openSession();
    return call(method, path, body);
  }
}

export async function openSession() {
  session = await get('session');
  noteClock(session.now);
  return session;
}

export async function signIn(user, password) {
  keep((await call('POST', 'sign-in', { user, password })).session);
  return openSession();
}

export async function signOut() {
  try {
    await call('POST', 'sign-out');
  } finally {
    signedOut();
  }
}

export const path = (...parts) => parts.map(encodeURIComponent).join('/');

// One stream of events for the page. It is closed while nobody looks at the page, because a browser
// has few connections for each server, and opened again, with a fresh look, when somebody does.
const listeners = new Set();
let source = null;
let state = 'connecting';

export function listen(listener) {
  listeners.add(listener);
  listener({ type: 'connection', data: state });
  return () => listeners.delete(listener);
}

function tell(type, data) {
  for (const listener of [...listeners]) listener({ type, data });
}

function connection(value) {
  state = value;
  tell('connection', value);
}

const RETRY_AFTER = 3000;

// Reads a stream of events. An EventSource could not say which session it belongs to.
function stream(address, onMessage, onState) {
  const aborter = new AbortController();
  async function read() {
    const answer = await fetch(BASE + address, {
      headers: { ...headersOf('GET'), Accept: 'text/event-stream' },
      cache: 'no-store',
      signal: aborter.signal,
    });
    if (answer.status === 401 && session.signIn) signedOut();
    if (!answer.ok) {
      onState('lost');
      return;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const messages = (text + part.value).split('\n\n');
      text = messages.pop();
      for (const message of messages) dispatch(message);
    }
  }
  function dispatch(message) {
    const fields = new Map(message.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }));
    if (fields.has('event')) onMessage(fields.get('event'), JSON.parse(fields.get('data')));
  }
  (async () => {
    while (!aborter.signal.aborted) {
      await read().catch((error) => aborter.signal.aborted || onState('connecting', error));
      if (aborter.signal.aborted) return;
      onState('connecting');
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
    }
  })();
  return () => aborter.abort();
}

export function connect() {
  if (source || (session.signIn && !session.user)) return;
  connection('connecting');
  source = stream('events/stream', (type, data) => {
    if (type !== 'hello') {
      tell(type, data);
      return;
    }
    noteClock(data.now);
    connection('live');
    tell('reset', null);
  }, connection);
}

export function disconnect() {
  if (source) source();
  source = null;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) disconnect();
  else connect();
});

export function logStream(name, instance, onLines, onEnd) {
  const close = stream(path('deployments', name, 'instances', instance, 'logs', 'stream'), (type, data) => {
    if (type === 'lines') onLines(data);
    if (type !== 'end') return;
    close();
    onEnd();
  }, () => {});
  return close;
}
