import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.env.BITNET_URL, apiKey: 'none', maxRetries: 0 });
const model = 'any';
const messages = [{ role: 'user', content: 'Once upon a time' }];

test('a message and its stream say the same', async () => {
  const options = { model, messages, max_tokens: 9, temperature: 0 };
  const whole = await client.messages.create(options);
  assert.equal(whole.stop_reason, 'max_tokens');
  assert.equal(whole.usage.output_tokens, 9);
  const streamed = await client.messages.stream(options).finalMessage();
  assert.deepEqual(streamed.content, whole.content);
  assert.equal(streamed.usage.output_tokens, 9);
});

test('tokens are counted as they are used', async () => {
  const { input_tokens: counted } = await client.messages.countTokens({ model, messages });
  const message = await client.messages.create({ model, messages, max_tokens: 1, temperature: 0 });
  const { input_tokens: used, cache_read_input_tokens: cached } = message.usage;
  assert.equal(counted, used + (cached ?? 0));
});

test('a tool that must be used is used', async () => {
  const message = await client.messages.create({
    model,
    messages,
    max_tokens: 200,
    temperature: 0,
    tools: [
      {
        name: 'roll',
        description: 'Rolls a die',
        input_schema: {
          type: 'object',
          properties: { sides: { type: 'integer', minimum: 2, maximum: 20 } },
          required: ['sides'],
          additionalProperties: false,
        },
      },
    ],
    tool_choice: { type: 'any', disable_parallel_tool_use: true },
  });
  assert.equal(message.stop_reason, 'tool_use');
  const use = message.content.find((block) => block.type === 'tool_use');
  assert.equal(use.name, 'roll');
  assert.ok(use.input.sides >= 2 && use.input.sides <= 20);
});

test('errors are those that the client knows', async () => {
  await assert.rejects(
    client.messages.create({ model, messages: [], max_tokens: 1 }),
    (e) => e instanceof Anthropic.BadRequestError && e.error.error.type === 'invalid_request_error',
  );
});
