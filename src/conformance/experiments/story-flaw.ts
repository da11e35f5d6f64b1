/**
 * What is wrong with a lead whose story was played.
 *
 * @module
 */
import type { Symptom } from '../check.ts';
import type { Difference, PlayedStory } from '../histories/play-stories.ts';
import type { NamedCause } from './known-causes.ts';

export interface StoryFlaw {
  readonly symptom: Symptom;
  /** The shortest story that shows it. */
  readonly played: PlayedStory;
  readonly difference: Difference;
  readonly cause: NamedCause;
}

export const symptomOf = ({ member, found, expected, act }: Difference): Symptom => {
  if (member !== 'effects') return 'state';
  if (act?.kind === 'forged') return 'forged';
  return Number(found) > Number(expected) ? 'doubled' : 'lost';
};

/** Whether the same member is wrong in another story. */
export const shows = (one: PlayedStory, { member }: Difference): boolean =>
  one.differences.some((other) => other.member === member);
