// A service with one call of each kind. Prints its port.
const grpc = require('@grpc/grpc-js');
const text = { serialize: s => Buffer.from(s), deserialize: b => b.toString() };
const method = (path, requestStream, responseStream) => ({
  path, requestStream, responseStream,
  requestSerialize: text.serialize, requestDeserialize: text.deserialize,
  responseSerialize: text.serialize, responseDeserialize: text.deserialize,
});
const service = {
  unary: method('/test.Echo/Unary', false, false),
  chat: method('/test.Echo/Chat', true, true),
  fail: method('/test.Echo/Fail', false, false),
  slow: method('/test.Echo/Slow', false, false),
  big: method('/test.Echo/Big', false, true),
  collect: method('/test.Echo/Collect', true, false),
};
let cancelled = 0;
const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
server.addService(service, {
  unary(call, done) {
    const behind = new grpc.Metadata();
    behind.set('behind', 'yes');
    const before = new grpc.Metadata();
    before.set('before', String(call.metadata.get('asked')[0]));
    call.sendMetadata(before);
    done(null, 'hello ' + call.request, behind);
  },
  chat(call) {
    call.on('data', message => call.write('re: ' + message));
    call.on('end', () => call.end());
    call.on('cancelled', () => cancelled++);
  },
  fail(call, done) {
    const behind = new grpc.Metadata();
    behind.set('reason', 'because');
    done({ code: grpc.status.FAILED_PRECONDITION, details: 'not today: 100 % \u00e9', metadata: behind });
  },
  slow(call, done) {
    call.on('cancelled', () => cancelled++);
    if (call.request === 'cancelled?') {
      done(null, String(cancelled));
    }
  },
  big(call) {
    const block = 'x'.repeat(1 << 20);
    let left = Number(call.request);
    const more = () => {
      while (left > 0) {
        left--;
        if (!call.write(block)) {
          call.once('drain', more);
          return;
        }
      }
      call.end();
    };
    more();
  },
  collect(call, done) {
    let bytes = 0;
    call.on('data', message => { bytes += message.length; });
    call.on('end', () => done(null, String(bytes)));
  },
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  console.log(port);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
