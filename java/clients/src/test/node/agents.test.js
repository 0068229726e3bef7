import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from '@openai/agents';
import { z } from 'zod';

setTracingDisabled(true);

for (const useResponses of [true, false]) {
  test(`an agent calls a tool and answers, by ${useResponses ? 'responses' : 'chat'}`, async () => {
    const rolled = [];
    const roll = tool({
      name: 'roll',
      description: 'Rolls a die',
      parameters: z.object({ sides: z.enum(['six', 'twenty']) }),
      execute: async ({ sides }) => {
        rolled.push(sides);
        return 'You rolled 4.';
      },
    });
    const agent = new Agent({
      name: 'player',
      instructions: 'You play.',
      model: 'any',
      outputType: z.object({ outcome: z.enum(['won', 'lost']) }),
      modelSettings: { toolChoice: 'required', maxTokens: 120, temperature: 0 },
      tools: [roll],
    });
    const modelProvider = new OpenAIProvider({
      baseURL: process.env.BITNET_URL + '/v1',
      apiKey: 'none',
      useResponses,
    });
    const result = await new Runner({ modelProvider }).run(agent, 'Roll the die', { maxTurns: 3 });
    assert.equal(rolled.length, 1);
    assert.ok(['six', 'twenty'].includes(rolled[0]));
    assert.ok(['won', 'lost'].includes(result.finalOutput.outcome));
  });
}
