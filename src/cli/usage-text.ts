/**
 * Commander's error messages, reworded as all others: problem, value, remedy.
 *
 * @module
 */
import { didYouMean, nearest } from './suggest.ts';

/** The listed values, if the remedy is a list of choices. */
const choicesIn = (remedy: string): readonly string[] =>
  /^Allowed choices are (.+)\.$/.exec(remedy)?.[1]?.split(', ') ?? [];

const invalid = (name: string, value: string, remedy: string): string => {
  const choices = choicesIn(remedy);
  if (choices.length === 0) return `Invalid ${name} "${value}". ${remedy}`;
  const suggestion = didYouMean(nearest(value, choices));
  return `Invalid ${name} "${value}".${suggestion} Pass one of ${choices.join(', ')}.`;
};

type Rewording = readonly [RegExp, (groups: Readonly<Record<string, string>>) => string];

const REWORDINGS: readonly Rewording[] = [
  [
    /^option '(?:-\w, )?(?<flag>--[\w-]+)(?:[^\w'-][^']*)?' argument '(?<value>[^]*)' is invalid\. (?<remedy>.*)$/,
    ({ flag = '', value = '', remedy = '' }) => invalid(flag, value, remedy),
  ],
  [
    /^option '[^']*' value '(?<value>[^]*)' from env '(?<variable>\w+)' is invalid\. (?<remedy>.*)$/,
    ({ variable = '', value = '', remedy = '' }) => invalid(variable, value, remedy),
  ],
  [
    /^command-argument value '(?<value>[^]*)' is invalid for argument '(?<name>[^']+)'\. (?<remedy>.*)$/,
    ({ name = '', value = '', remedy = '' }) => invalid(`<${name}>`, value, remedy),
  ],
  [
    /^unknown option '(?<value>-\d[^']*)'/,
    ({ value = '' }) =>
      `Invalid duration "${value}": time only moves forward. Pass a positive one, such as ${value.replace(/^-+/, '')}. To begin again, reset the account: sendemall-mock reset.`,
  ],
];

/** @param text `error: …`, as commander would print it */
export const reword = (text: string): string => {
  if (!text.startsWith('error: ')) return text;
  const message = text.slice('error: '.length).replace(/(?<!\n)\n+$/, '');
  const newline = text.slice('error: '.length + message.length);
  for (const [pattern, write] of REWORDINGS) {
    const match = pattern.exec(message);
    if (match !== null) return `error: ${write(match.groups ?? {})}${newline}`;
  }
  return text;
};
