// Two Socket.IO clients talk through a link: what this prints is what they saw.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.argv[2] + '/'));
const { io } = require('socket.io-client');
const root = new URL(process.argv[3]);
const connect = () => io(root.origin, { path: root.pathname + 'socket.io/', forceNew: true, timeout: 60000 });
const [one, two] = [connect(), connect()];
setTimeout(() => { console.log('too late'); process.exit(1); }, 50000).unref();
await Promise.all([one, two].map((socket) => new Promise((done) => {
  socket.on('connect', done);
  socket.on('connect_error', (error) => console.log('not connected', error.message));
})));
console.log('room of', (await one.timeout(9000).emitWithAck('join', 'r')) === root.host);
await two.timeout(9000).emitWithAck('join', 'r');
console.log('text', await one.timeout(9000).emitWithAck('echo', 'grüße 你好'));
const sent = Buffer.alloc(300_000, 7);
const back = await one.timeout(9000).emitWithAck('echo', sent);
console.log('binary', Buffer.compare(sent, Buffer.from(back)));
const said = new Promise((done) => two.on('said', done));
one.emit('say', 'r', 'hello');
console.log('said', await said);
// The upgrade follows the first exchanges; where it cannot be had, polling stays.
const upgraded = new Promise((done) => one.io.engine.on('upgrade', done));
const wait = new Promise((done) => setTimeout(done, 2000));
if (one.io.engine.transport.name === 'polling') await Promise.race([upgraded, wait]);
console.log('by', one.io.engine.transport.name);
one.close();
two.close();
