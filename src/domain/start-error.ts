/**
 * A sandbox that cannot start with the value of one of its options, as data.
 *
 * @module
 */

/**
 * Thrown when a resource that an option selects cannot be used. The message names the option as in code;
 * {@link StartError.describe} names it as another entry point does.
 */
export class StartError extends Error {
  override readonly name: string = 'StartError';
  /** Name of the option in `createMock`, e.g. `db`. */
  readonly option: string;
  readonly value: string | number;
  /** What is wrong with the value: a sentence without its full stop. */
  readonly problem: string;
  readonly #remedy: (option: string) => string;

  /** @param remedy builds the remedy, one or more sentences, from the name of the option */
  constructor(
    { option, value }: { readonly option: string; readonly value: string | number },
    problem: string,
    remedy: (option: string) => string,
  ) {
    super(`${problem}. ${remedy(option)}`);
    this.option = option;
    this.value = value;
    this.problem = problem;
    this.#remedy = remedy;
  }

  /**
   * The message for another entry point.
   *
   * @param name what that entry point calls the option, e.g. `--db`
   */
  describe(name: string): string {
    return `${this.problem}. ${this.#remedy(name)}`;
  }
}
