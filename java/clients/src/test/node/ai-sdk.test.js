import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embed, generateObject, generateText, streamText, tool } from 'ai';
import { z } from 'zod';

const provider = createOpenAICompatible({
  name: 'bitnet',
  baseURL: process.env.BITNET_URL + '/v1',
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const model = provider('any');

test('a text and its stream say the same', async () => {
  const options = { model, prompt: 'Once upon a time', maxOutputTokens: 11, temperature: 0, maxRetries: 0 };
  const whole = await generateText(options);
  assert.equal(whole.finishReason, 'length');
  assert.equal(whole.usage.outputTokens, 11);
  const stream = streamText(options);
  let text = '';
  for await (const piece of stream.textStream) {
    text += piece;
  }
  assert.equal(text, whole.text);
  assert.equal((await stream.usage).outputTokens, 11);
});

test('an object keeps to its schema', async () => {
  const { object } = await generateObject({
    model,
    prompt: 'A cat',
    seed: 7,
    maxRetries: 0,
    schema: z.object({ kind: z.enum(['cat', 'dog']), legs: z.number().int().min(0).max(8) }),
  });
  assert.ok(['cat', 'dog'].includes(object.kind));
});

test('a required tool is called', async () => {
  const { toolCalls } = await generateText({
    model,
    prompt: 'Roll',
    seed: 7,
    maxRetries: 0,
    toolChoice: 'required',
    tools: { roll: tool({ description: 'Rolls', inputSchema: z.object({ die: z.enum(['a', 'b']) }) }) },
  });
  assert.equal(toolCalls[0].toolName, 'roll');
});

test('an embedding has length 1', async () => {
  const { embedding } = await embed({ model: provider.embeddingModel('any'), value: 'one' });
  assert.ok(Math.abs(embedding.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-3);
});
