// Streams an answer through a link, and lists the models: what it prints is what it saw.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.argv[2] + '/'));
const { OpenAI } = require('openai');
const client = new OpenAI({ baseURL: process.argv[3] + 'v1', apiKey: process.argv[4], maxRetries: 0 });
if (process.argv[5] === 'models') {
  const models = await client.models.list();
  console.log(models.data.map(model => model.id).join(','));
} else {
  try {
    const stream = await client.chat.completions.create({
      model: 'tiny', stream: true, messages: [{ role: 'user', content: 'hello' }],
    });
    let before = 0;
    for await (const chunk of stream) {
      const now = Date.now();
      console.log(chunk.choices[0].delta.content.trim(), before === 0 || now - before > 50);
      before = now;
    }
  } catch (error) {
    console.log(error.status, error.constructor.name);
  }
}
