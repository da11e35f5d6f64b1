/**
 * Why a valid event is refused: one cause, one finding.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import type { Exchange } from '../probe/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, isAccepted, tell } from '../verdict.ts';
import { explainMatch } from './explain-match.ts';
import { OBSTACLES } from './obstacles.ts';
import { plainOnTls } from './plain-on-tls.ts';
import { REFUSALS } from './refusals.ts';
import { isAlike, lookAround, type Finding, type Obstacle, type Scene } from './scene.ts';
import { searchSignature, type Search } from './search.ts';
import { SILENCES } from './silence.ts';

const firstFinding = async (
  obstacles: readonly Obstacle[],
  scene: Scene,
): Promise<Finding | null> => {
  for (const obstacle of obstacles) {
    const finding = await obstacle(scene);
    if (finding !== null) return finding;
  }
  return null;
};

const unexplained = (
  { valid, forged, unsigned, get }: Scene,
  { tried, complete }: Search,
): Finding => ({
  diagnosis: `It treats the valid event as a forgery (a wrong signature gets ${tell(forged.reply)}${
    isAccepted(unsigned) ? '; without a signature the event is accepted' : ''
  }), and none of ${tried} other ways to sign it was accepted${complete ? '' : ' within the time'}. Most likely the receiver has another secret than the one given here${
    isAlike(valid, get)
      ? ', or something in front refuses everything (a GET gets the same answer): a login, an allow-list of addresses, protection against forged forms'
      : ''
  }.`,
  fix: 'Compare the secret where the receiver runs with the one given (print its length, not the secret; was it rotated? is an old process still running?). Then log, in the receiver, the length of the body and its SHA-256 before anything parses it, and compare with what is shown here.',
  shownBy: [unsigned, forged]
    .filter((one) => one.reply.kind === 'answer' && one !== valid)
    .slice(-1),
});

const find = async (probe: Probe, valid: Exchange): Promise<Finding> => {
  const overTls = await plainOnTls(probe, valid);
  if (overTls !== null) return overTls;
  const scene = await lookAround(probe, valid);
  const plain = await firstFinding([...SILENCES, ...OBSTACLES], scene);
  if (plain !== null) return plain;
  const search = await searchSignature(probe, Buffer.from(valid.request.body));
  if (search.match !== null) return explainMatch(search.match);
  return (await firstFinding(REFUSALS, scene)) ?? unexplained(scene, search);
};

/**
 * @param valid a rightly signed event, and its refusal
 * @returns the verdict on it: a failure with its cause and its remedy
 */
export const diagnose = async (probe: Probe, valid: Exchange): Promise<Verdict> => {
  const { diagnosis, fix, actual = tell(valid.reply), shownBy = [] } = await find(probe, valid);
  return fail({ expected: ['a 2xx'], actual, diagnosis, fix, exchanges: [...shownBy, valid] });
};
