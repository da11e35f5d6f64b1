/**
 * Starts the slow test files before all others: a long file that begins last keeps one core busy and the other idle.
 *
 * @module
 */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SLOW_FILES } from './slow-files.ts';

const places = new Map(SLOW_FILES.map((file, place) => [file, place]));

/** Orders files by their places among the slow ones; the others follow in the order of vitest: known failures, long ones first. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const placeOf = ({ moduleId }: TestSpecification): number =>
      places.get(relative(root, moduleId)) ?? Infinity;
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => {
      const [place, next] = [placeOf(one), placeOf(other)];
      return place === next ? 0 : place - next;
    });
  }
}
