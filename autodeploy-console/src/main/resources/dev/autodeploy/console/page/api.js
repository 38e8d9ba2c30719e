// Talks to the API, whose addresses are relative to wherever the page is mounted.

const BASE = '-/api/';

export let session = { actions: false, token: null, provider: '' };

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
  const headers = {};
  if (method !== 'GET') {
    headers['X-AutoDeploy-Token'] = session.token || '';
    headers['Content-Type'] = 'application/json';
  }
  const answer = await fetch(BASE + path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: 'no-store',
  });
  const json = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiError(answer.status, json);
  return json;
}

export const get = (path) => call('GET', path);

// A token is of one run of the host application: after a restart it is fetched anew, once.
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

export function connect() {
  if (source) return;
  connection('connecting');
  source = new EventSource(BASE + 'events/stream');
  source.addEventListener('hello', (message) => {
    noteClock(JSON.parse(message.data).now);
    connection('live');
    tell('reset', null);
  });
  for (const type of ['deployment', 'removed', 'event', 'action', 'reset']) {
    source.addEventListener(type, (message) => tell(type, JSON.parse(message.data)));
  }
  source.onerror = () => {
    connection('connecting');
    if (source.readyState === EventSource.CLOSED) {
      // The browser gives up after an error answer, such as too many listeners.
      disconnect();
      connection('lost');
      setTimeout(() => document.hidden || connect(), 5000);
    }
  };
}

export function disconnect() {
  if (source) source.close();
  source = null;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) disconnect();
  else connect();
});

export function logStream(name, instance, onLines, onEnd) {
  const stream = new EventSource(BASE + path('deployments', name, 'instances', instance, 'logs', 'stream'));
  stream.addEventListener('lines', (message) => onLines(JSON.parse(message.data)));
  stream.addEventListener('end', () => {
    stream.close();
    onEnd();
  });
  return () => stream.close();
}
