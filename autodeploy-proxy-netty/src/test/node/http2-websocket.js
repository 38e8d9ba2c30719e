'use strict';
// A WebSocket on a stream of HTTP/2 (RFC 8441): node http2-websocket.js PORT
const http2 = require('http2');

function frame(opcode, payload) { // as a client: masked
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(payload).map((b, i) => b ^ mask[i % 4]);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked]);
}

const client = http2.connect(`http://127.0.0.1:${process.argv[2]}`);
client.on('remoteSettings', (settings) => {
  console.log('enabled', settings.enableConnectProtocol);
  const socket = client.request({
    ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/d/app/ws',
    'sec-websocket-version': '13', 'sec-websocket-protocol': 'chat',
  });
  socket.on('response', (head) => {
    console.log('status', head[':status'], head['sec-websocket-protocol']);
    socket.write(frame(1, Buffer.from('hello')));
  });
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending[1]) {
      const opcode = pending[0] & 15;
      const payload = pending.subarray(2, 2 + pending[1]);
      pending = pending.subarray(2 + pending[1]);
      if (opcode === 1) {
        console.log('text', payload.toString());
        socket.write(frame(8, Buffer.concat([Buffer.from([4001 >> 8, 4001 & 255]), Buffer.from('enough')])));
      } else {
        console.log('close', payload.readUInt16BE(0), payload.subarray(2).toString());
        socket.end();
      }
    }
  });
  socket.on('close', () => client.close());
});
client.on('error', (error) => { console.log('error', error.message); process.exit(1); });
