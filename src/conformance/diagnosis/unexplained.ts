/**
 * What is said when a valid event is refused, and nothing that was tried shows why.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import { isAccepted, describeReply } from '../verdict.ts';
import { frameworkOf, remedyFor } from './frameworks.ts';
import { isAlike, statusOf, type Finding, type Scene } from './evidence.ts';
import type { Search } from './search.ts';

/** All that it can be, most likely first. */
const suspicions = ({ valid, unsigned, get }: Scene): readonly string[] => [
  'the receiver has another secret than the one given here',
  ...(isAlike(valid, unsigned)
    ? [
        `it does not find the header ${SIGNATURE.header} at all, looked up under another name or taken off on the way (the answer is the same without it)`,
      ]
    : []),
  ...(isAlike(valid, get)
    ? [
        'something in front refuses everything (a GET gets the same answer): a login, an allow-list of addresses, protection against forged forms',
      ]
    : []),
  ...(statusOf(valid) === 400
    ? [
        'a limit on bodies or a parser in front answers 400 (Django does above DATA_UPLOAD_MAX_MEMORY_SIZE)',
      ]
    : []),
];

const SECRET =
  'Compare the secret where the receiver runs with the one given (print its length, not the secret; was it rotated? is an old process still running?).';
const BODY =
  'Then log, in the receiver, the length of the body and its SHA-256 before anything parses it, and compare with what is shown here.';

/** Where the framework is known and changes no names, there is nothing to be said of others. */
const lookUp = ({ valid: { reply } }: Scene): string =>
  [
    'Log whether the header arrives.',
    ...(frameworkOf(reply) === undefined ? [remedyFor('header', reply)] : []),
    ...[frameworkOf(reply)?.header ?? []].flat(),
    'nginx: `proxy_set_header`, and `underscores_in_headers` where its name was changed.',
  ].join(' ');

export const unexplained = (scene: Scene, { tried, complete }: Search): Finding => {
  const { valid, unsigned, forged } = scene;
  const [likely = '', ...others] = suspicions(scene);
  return {
    diagnosis: `It treats the valid event as a forgery (a wrong signature gets ${describeReply(forged.reply)}${
      isAccepted(unsigned) ? '; without a signature the event is accepted' : ''
    }), and none of ${tried} other ways to sign it was accepted${complete ? '' : ' within the time'}. ${
      others.length === 0 ? 'Most likely' : 'Probably'
    } ${[likely, ...others].join('; or ')}.`,
    fix: [SECRET, ...(isAlike(valid, unsigned) ? [lookUp(scene)] : []), BODY].join(' '),
    shownBy: [unsigned, forged]
      .filter((one) => one.reply.kind === 'answer' && one !== valid)
      .slice(-1),
  };
};
