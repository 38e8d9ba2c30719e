// A Socket.IO server: answers with acknowledgements, text and binary, and broadcasts to a room.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.argv[2] + '/'));
const { Server } = require('socket.io');
const http = createServer((request, response) => response.end('ok'));
const io = new Server(http, { maxHttpBufferSize: 1e7 });
io.on('connection', (socket) => {
  socket.on('echo', (value, done) => done(value));
  socket.on('join', (room, done) => {
    socket.join(room);
    done(socket.handshake.headers.host);
  });
  socket.on('say', (room, words) => io.to(room).emit('said', words));
});
http.listen(Number(process.argv[3]), '127.0.0.1');
