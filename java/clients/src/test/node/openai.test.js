import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.env.BITNET_URL + '/v1', apiKey: 'none', maxRetries: 0 });
const model = 'any';
const messages = [{ role: 'user', content: 'Once upon a time' }];
const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather of a place',
    strict: true,
    parameters: {
      type: 'object',
      properties: { place: { type: 'string', maxLength: 12 }, unit: { enum: ['C', 'F'] } },
      required: ['place', 'unit'],
      additionalProperties: false,
    },
  },
};

test('a chat completion and its stream say the same', async () => {
  const options = { model, messages, max_completion_tokens: 12, seed: 7 };
  const whole = await client.chat.completions.create(options);
  assert.equal(whole.object, 'chat.completion');
  assert.equal(whole.choices[0].finish_reason, 'length');
  assert.equal(whole.usage.completion_tokens, 12);
  let text = '';
  let usage;
  const stream = await client.chat.completions.create({
    ...options,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(usage.completion_tokens, 12);
});

test("the client's stream helper puts a message together", async () => {
  const runner = client.chat.completions.stream({ model, messages, max_completion_tokens: 8, seed: 7 });
  const deltas = [];
  runner.on('content', (delta) => deltas.push(delta));
  const final = await runner.finalChatCompletion();
  assert.equal(deltas.join(''), final.choices[0].message.content);
});

test('a stream that is left ends at the server too', async () => {
  const stream = await client.chat.completions.create({ model, messages, stream: true, seed: 7 });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;
  }
  const again = await client.chat.completions.create({ model, messages, max_completion_tokens: 1, seed: 7 });
  assert.equal(again.usage.completion_tokens, 1);
});

test('a required tool is called with arguments of its schema', async () => {
  const completion = await client.chat.completions.create({
    model,
    messages,
    seed: 7,
    tools: [weather],
    tool_choice: 'required',
  });
  const call = completion.choices[0].message.tool_calls[0];
  assert.equal(completion.choices[0].finish_reason, 'tool_calls');
  assert.equal(call.function.name, 'weather');
  const args = JSON.parse(call.function.arguments);
  assert.deepEqual(Object.keys(args).sort(), ['place', 'unit']);
  const answer = await client.chat.completions.create({
    model,
    messages: [
      ...messages,
      completion.choices[0].message,
      { role: 'tool', tool_call_id: call.id, content: '{"degrees": 21}' },
    ],
    tools: [weather],
    tool_choice: 'none',
    max_completion_tokens: 5,
    seed: 7,
  });
  assert.equal(typeof answer.choices[0].message.content, 'string');
});

test('a streamed tool call comes in pieces that are valid together', async () => {
  const runner = client.chat.completions.stream({
    model,
    messages,
    seed: 7,
    tools: [weather],
    tool_choice: { type: 'function', function: { name: 'weather' } },
  });
  const message = await runner.finalMessage();
  assert.ok(['C', 'F'].includes(JSON.parse(message.tool_calls[0].function.arguments).unit));
});

test('an answer keeps to a JSON schema', async () => {
  const completion = await client.chat.completions.create({
    model,
    messages,
    seed: 7,
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'person',
        strict: true,
        schema: {
          type: 'object',
          properties: { name: { type: 'string', maxLength: 10 }, age: { type: 'integer', minimum: 0, maximum: 99 } },
          required: ['name', 'age'],
          additionalProperties: false,
        },
      },
    },
  });
  const person = JSON.parse(completion.choices[0].message.content);
  assert.ok(Number.isInteger(person.age) && person.age <= 99);
});

test('a response and its stream say the same', async () => {
  const options = { model, input: 'Once upon a time', max_output_tokens: 10, temperature: 0 };
  const whole = await client.responses.create(options);
  assert.equal(whole.status, 'incomplete');
  assert.equal(whole.incomplete_details.reason, 'max_output_tokens');
  let text = '';
  let last;
  for await (const event of await client.responses.create({ ...options, stream: true })) {
    if (event.type === 'response.output_text.delta') {
      text += event.delta;
    }
    last = event;
  }
  assert.equal(text, whole.output_text);
  assert.equal(last.type, 'response.incomplete');
});

test('completions, embeddings and models', async () => {
  const completion = await client.completions.create({ model, prompt: 'Once', max_tokens: 4, seed: 7 });
  assert.equal(completion.usage.completion_tokens, 4);
  const { data } = await client.embeddings.create({ model, input: ['one', 'two'] });
  assert.equal(data.length, 2);
  assert.ok(Math.abs(data[0].embedding.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-3);
  const models = await client.models.list();
  assert.equal(models.data.length, 1);
});

test('errors are those that the client knows', async () => {
  await assert.rejects(
    client.chat.completions.create({ model, messages: [] }),
    (e) => e instanceof OpenAI.BadRequestError && e.status === 400 && e.error.message.length > 0,
  );
});
