/**
 * Wildcards of filters and of selections.
 *
 * @module
 */
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/domain/glob.ts';

describe('a pattern with wildcards', () => {
  it.each([
    ['', '', true],
    ['*', '', true],
    ['a', '', false],
    ['', 'a', false],
    ['http/*', 'http/no-hang', true],
    ['http/*', 'https/no-hang', false],
    ['*-hang', 'http/no-hang', true],
    ['a*b*c', 'a1b2b3c', true],
    ['a*b*c', 'a1c2b', false],
    ['**', 'anything', true],
    ['a.c', 'abc', false],
    ['[a]*', '[a] and more', true],
    ['first*', 'first\nsecond', true],
  ])('%j against %j: %s', (pattern, text, fits) => {
    expect(matchesGlob(pattern, text)).toBe(fits);
  });

  it('a question mark is one character only where the caller says so', () => {
    expect(matchesGlob('a?c', 'abc')).toBe(false);
    expect(matchesGlob('a?c', 'a?c')).toBe(true);
    expect(matchesGlob('a?c', 'abc', '?')).toBe(true);
    expect(matchesGlob('a?c', 'ac', '?')).toBe(false);
  });

  it('fifty stars against a text that nearly fits take no time', () => {
    const started = performance.now();
    expect(matchesGlob(`${'a*'.repeat(50)}b`, 'a'.repeat(10_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
