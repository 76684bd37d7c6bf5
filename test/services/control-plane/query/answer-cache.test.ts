import { expect, it } from '@jest/globals';
import { AnswerCache } from '../../../../services/control-plane/query/answer-cache.js';
import { inProcessBus } from '@kubehero/store-valkey';

const NOW = 1_800_000_000;
const settled = { from: NOW - 7200, to: NOW - 3600 };

function counted(): {
  cache: AnswerCache;
  asked: string[];
  ask: (question: string) => () => Promise<string>;
} {
  const asked: string[] = [];
  const bus = inProcessBus({ onFault: (error) => expect(error).toBeUndefined() });
  const ask = (question: string) => (): Promise<string> => {
    asked.push(question);
    return Promise.resolve(`answer to ${question}`);
  };
  return { cache: new AnswerCache(bus, () => NOW), asked, ask };
}

it('asks once for many viewers of a settled window', async () => {
  const { cache, asked, ask } = counted();
  const answers = [];
  for (let viewer = 0; viewer < 5; viewer += 1) answers.push(await cache.through('a', settled, ask('a')));
  expect(new Set(answers)).toEqual(new Set(['answer to a']));
  expect(asked).toEqual(['a']);
});

it('keeps other questions apart, and asks each time about a window that still changes', async () => {
  const { cache, asked, ask } = counted();
  await cache.through('a', settled, ask('a'));
  expect(await cache.through('b', settled, ask('b'))).toBe('answer to b');
  const open = { from: NOW - 7200, to: NOW - 60 };
  await cache.through('a', open, ask('a'));
  await cache.through('a', open, ask('a'));
  expect(asked).toEqual(['a', 'b', 'a', 'a']);
});

it('forgets after a moment', async () => {
  const { cache, asked, ask } = counted();
  await cache.through('a', settled, ask('a'));
  await new Promise((resolve) => setTimeout(resolve, 2200));
  await cache.through('a', settled, ask('a'));
  expect(asked).toEqual(['a', 'a']);
});
