/**
 * JUnit, read back by a strict XML parser.
 *
 * @module
 */
import { SaxesParser } from 'saxes';
import { beforeAll, describe, expect, test } from 'vitest';
import { junit } from '../../../src/conformance/reporters/junit.ts';
import type { Report } from '../../../src/conformance/report.ts';
import { empty, nasty, real } from './sample.ts';

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

/** @throws for anything that is not well-formed */
const parse = (xml: string): Node => {
  const root: Node = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const node: Node = { name, attributes, children: [], text: '' };
    open.at(-1)?.children.push(node);
    open.push(node);
  });
  parser.on('text', (text) => {
    open.at(-1)!.text += text;
  });
  parser.on('closetag', () => open.pop());
  parser.write(xml).close();
  return root.children[0]!;
};

const casesOf = (root: Node): readonly Node[] => root.children.flatMap(({ children }) => children);
const outcomes = (nodes: readonly Node[], name: string): number =>
  nodes.filter(({ children }) => children.some((child) => child.name === name)).length;

describe('whatever the content', () => {
  const report = nasty();
  const root = parse(junit(report));
  const cases = casesOf(root);
  const named = (id: string) => cases.find(({ attributes }) => attributes['name'] === id)!;

  test('every case has a name and a class name, and a pair of its own', () => {
    const ids = cases.map(({ attributes }) => `${attributes['classname']} ${attributes['name']}`);
    expect(new Set(ids).size).toBe(report.checks.length + 1);
    expect(named('signature/missing-header').attributes['classname']).toBe(
      'sendemall-mock.signature',
    );
  });

  test('a violation of what the run fails on is a failure, trouble of the suite an error', () => {
    const kinds = (id: string) => named(id).children.map(({ name }) => name);
    expect(kinds('signature/missing-header')).toEqual(['failure']);
    expect(kinds('signature/wrong-digest')).toEqual(['system-out']);
    expect(kinds('delivery/no-loss')).toEqual(['error']);
    expect(kinds('stale: http/survives')).toEqual(['failure']);
  });

  test('what was not tested or is known is skipped, with the reason', () => {
    const [skipped] = named('delivery/dup-race').children;
    expect(skipped?.name).toBe('skipped');
    expect(skipped?.attributes['message']).toMatch(/^Needs /);
    expect(named('delivery/dup-seq').children[0]?.attributes['message']).toMatch(
      /^Known failure: /,
    );
  });

  test('what is never scored is no failure', () => {
    expect(named('signature/upper-case').children.map(({ name }) => name)).toEqual(['system-out']);
  });

  test('the text survives: line ends, brackets, emoji', () => {
    const [failure] = named('signature/missing-header').children;
    expect(failure?.attributes['message']).toContain('\n]]> --> <script>alert(1)</script> &amp;');
    expect(failure?.text).toContain('😀 é');
    expect(failure?.attributes['type']).toBe('MUST');
  });
});

describe.each<[string, () => Promise<Report> | Report]>([
  ['a hostile report', nasty],
  ['a real one', real],
  ['an empty one', empty],
])('counts: %s', (_name, make) => {
  let root: Node;
  beforeAll(async () => {
    root = parse(junit(await make()));
  });

  test('agree with what is there', () => {
    for (const node of [root, ...root.children]) {
      const cases = node === root ? casesOf(root) : node.children;
      expect(node.attributes).toMatchObject({
        tests: String(cases.length),
        failures: String(outcomes(cases, 'failure')),
        errors: String(outcomes(cases, 'error')),
        skipped: String(outcomes(cases, 'skipped')),
      });
      expect(Number(node.attributes['time'])).toBeGreaterThanOrEqual(0);
    }
  });
});
