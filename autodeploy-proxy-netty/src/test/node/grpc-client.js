// Makes one call after the other through a link. Prints what came of each.
const grpc = require('@grpc/grpc-js');
const [port, what] = process.argv.slice(2);
const to = s => Buffer.from(s);
const from = b => b.toString();
const client = new grpc.Client('127.0.0.1:' + port, grpc.credentials.createInsecure(),
  { 'grpc.max_receive_message_length': -1 });
const say = (name, value) => console.log(name + ': ' + value);
const unary = (path, request, options) => new Promise(resolve => {
  const asked = new grpc.Metadata();
  asked.set('asked', 'please');
  let before = '';
  const call = client.makeUnaryRequest(path, to, from, request, asked, options || {}, (error, answer) => {
    call.result = error ? `error ${error.code} ${error.details} ${error.metadata.get('reason')}` : answer;
  });
  call.on('metadata', metadata => { before = metadata.get('before').join(); });
  call.on('status', status => setTimeout(() => resolve(
    `${call.result} | ${before} | ${status.code} ${status.metadata.get('behind')}`), 0));
});
const chat = () => new Promise(resolve => {
  const call = client.makeBidiStreamRequest('/test.Echo/Chat', to, from);
  const got = [];
  call.on('data', message => {
    got.push(message);
    if (got.length < 5) {
      call.write('m' + got.length); // each message waits for the answer to the one before
    } else {
      call.end();
    }
  });
  call.on('error', error => resolve('error ' + error.code + ' ' + error.details));
  call.on('end', () => resolve(got.join()));
  call.write('m0');
});
const big = blocks => new Promise(resolve => {
  const call = client.makeServerStreamRequest('/test.Echo/Big', to, from, String(blocks));
  let bytes = 0;
  call.on('data', message => { bytes += message.length; });
  call.on('error', error => resolve('error ' + error.code + ' ' + error.details));
  call.on('end', () => resolve(bytes));
});
const collect = blocks => new Promise(resolve => {
  const call = client.makeClientStreamRequest('/test.Echo/Collect', to, from,
    (error, answer) => resolve(error ? 'error ' + error.code : answer));
  const block = 'y'.repeat(1 << 20);
  const more = () => {
    while (blocks > 0) {
      blocks--;
      if (!call.write(block)) {
        call.once('drain', more);
        return;
      }
    }
    call.end();
  };
  more();
});
const main = async () => {
  if (what === 'unary') {
    say('unary', await unary('/test.Echo/Unary', 'link'));
    process.exit(0);
  }
  say('unary', await unary('/test.Echo/Unary', 'link'));
  say('chat', await chat());
  say('fail', await unary('/test.Echo/Fail', 'x'));
  say('unknown', await unary('/test.Echo/Nothing', ''));
  const begun = Date.now();
  say('deadline', await unary('/test.Echo/Slow', 'x', { deadline: begun + 500 }));
  await new Promise(resolve => setTimeout(resolve, 300));
  say('cancelled', await unary('/test.Echo/Slow', 'cancelled?'));
  say('big', await big(32));
  say('collect', await collect(32));
  const many = [];
  for (let i = 0; i < 300; i++) {
    many.push(unary('/test.Echo/Unary', 'n' + i));
  }
  const all = await Promise.all(many);
  say('many', all.filter((answer, i) => answer.startsWith('hello n' + i + ' ')).length);
  process.exit(0);
};
main();
