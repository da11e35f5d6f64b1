/**
 * The difference between two texts, byte for byte.
 *
 * @module
 */
import { useMemo } from 'preact/hooks';
import { diffBodies } from '../../deliveries/body-diff.ts';
import { Runs } from './text.tsx';

const TAGS = { same: 'span', removed: 'del', added: 'ins' } as const;

/** Characters to keep on either side of a change. */
const CONTEXT = 80;

const shortened = (text: string): string =>
  text.length <= 2 * CONTEXT ? text : `${text.slice(0, CONTEXT)} … ${text.slice(-CONTEXT)}`;

/** @param isShort leaves out most of what is the same: it is drawn again with each letter that is typed */
export const Difference = ({
  before,
  after,
  isShort = false,
}: {
  before: string;
  after: string;
  isShort?: boolean;
}) => {
  const { parts, isEqual, sizes } = useMemo(() => diffBodies(before, after), [before, after]);
  if (isEqual) {
    return (
      <p class="verdict good">
        ✓ The same {sizes[0]} {sizes[0] === 1 ? 'byte' : 'bytes'}.
      </p>
    );
  }
  return (
    <>
      <p class="dim">
        {sizes[0]} bytes before, {sizes[1]} bytes after.
      </p>
      <pre class="diff" tabIndex={0} role="region" aria-label="Difference">
        {parts.map(({ text, kind }, index) => {
          const Tag = TAGS[kind];
          const same = isShort ? shortened(text) : text;
          return (
            <Tag key={index}>
              <Runs text={kind === 'same' ? same : text.replaceAll('\n', '↵\n')} />
            </Tag>
          );
        })}
      </pre>
    </>
  );
};
