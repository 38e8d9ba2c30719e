// One conversation with all models at one base URL, by the official client that is named: it prints what it got.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [directory, base, which, token] = process.argv.slice(2);
const require = createRequire(pathToFileURL(directory + '/'));
const say = (...words) => console.log(words.join(' '));
const ask = [{ role: 'user', content: 'hello' }];

async function failure(step, shown) {
  try {
    await step();
    say('no error');
  } catch (error) {
    say(...shown(error));
  }
}

async function openai() {
  const { OpenAI, toFile } = require('openai');
  const client = new OpenAI({ baseURL: base + 'v1', apiKey: token });
  const shown = error => [error.status, error.constructor.name, error.code, error.message.slice(0, 24)];
  say('models', (await client.models.list()).data.map(model => model.id).join(','));
  say('model', (await client.models.retrieve('whisper-1')).id);
  const chat = await client.chat.completions.create({ messages: ask, model: 'gpt-4o' });
  say('chat', chat.choices[0].message.content);
  let text = '';
  for await (const chunk of await client.chat.completions.create({ model: 'gpt-4o', messages: ask, stream: true })) {
    text += chunk.choices[0].delta.content;
  }
  say('stream', text);
  const speech = await client.audio.speech.create({ model: 'tts-1', voice: 'x', input: 'hello' });
  say('speech', Buffer.from(await speech.arrayBuffer()).toString());
  const file = await toFile(Buffer.alloc(25_000_000), 'a.wav');
  say('transcription', (await client.audio.transcriptions.create({ model: 'whisper-1', file })).text);
  say('file first', (await client.audio.transcriptions.create({ file, model: 'whisper-1' })).text);
  const embedding = await client.embeddings.create({ model: 'gpt-4o', input: 'x', encoding_format: 'float' });
  say('embedding', embedding.data[0].embedding.join(','));
  await failure(() => client.chat.completions.create({ model: 'gpt-9', messages: ask }), shown);
  await failure(() => client.models.retrieve('gpt-9'), shown);
  await failure(() => client.chat.completions.create({ model: 'broken', messages: ask }), shown);
  const never = await client.chat.completions.create({ model: 'gpt-4o', messages: ask, stream: true, stop: 'never' });
  for await (const chunk of never) {
    say('cancelled after', chunk.choices[0].delta.content);
    break;
  }
}

async function anthropic() {
  const { Anthropic } = require('@anthropic-ai/sdk');
  const client = new Anthropic({ baseURL: base.slice(0, -1), apiKey: token });
  const shown = error => [error.status, error.constructor.name, error.error?.error?.type];
  const request = { model: 'gpt-4o', max_tokens: 9, messages: ask };
  const models = [];
  for await (const model of client.models.list()) {
    models.push(model.id);
  }
  say('models', models.join(','));
  say('message', (await client.messages.create(request)).content[0].text);
  say('stream', (await client.messages.stream(request).finalText()));
  await failure(() => client.messages.create({ ...request, model: 'gpt-9' }), shown);
  await failure(() => client.models.retrieve('gpt-9'), shown);
  await failure(() => client.messages.create({ ...request, model: 'broken' }), shown);
  const never = await client.messages.create({ ...request, stream: true, stop: 'never' });
  for await (const event of never) {
    if (event.type === 'content_block_delta') {
      say('cancelled after', event.delta.text);
      break;
    }
  }
}

async function ollama() {
  const { Ollama } = require('ollama');
  const client = new Ollama({ host: base.slice(0, -1), headers: { Authorization: 'Bearer ' + token } });
  const shown = error => [error.status_code, error.name, error.message.slice(0, 24)];
  say('models', (await client.list()).models.map(model => model.name).join(','));
  say('show', (await client.show({ model: 'gpt-4o' })).model_info['general.basename']);
  say('chat', (await client.chat({ model: 'gpt-4o', messages: ask })).message.content);
  let text = '';
  for await (const part of await client.chat({ model: 'gpt-4o', messages: ask, stream: true })) {
    text += part.message.content;
  }
  say('stream', text);
  say('generate', (await client.generate({ model: 'gpt-4o', prompt: 'x' })).response);
  say('embed', (await client.embed({ model: 'gpt-4o', input: 'x' })).embeddings[0].join(','));
  await failure(() => client.chat({ model: 'gpt-9', messages: ask }), shown);
  await failure(() => client.chat({ model: 'broken', messages: ask }), shown);
  const never = await client.chat({ model: 'gpt-4o', messages: ask, stream: true, stop: 'never' });
  for await (const part of never) {
    say('cancelled after', part.message.content);
    never.abort();
    break;
  }
}

await { openai, anthropic, ollama }[which]();
