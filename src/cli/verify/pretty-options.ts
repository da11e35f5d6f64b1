/**
 * The terminal report of `verify`, laid out for the terminal of this process.
 *
 * @module
 */
import type { PrettyOptions } from '../../conformance/reporters/pretty.ts';
import type { Terminal } from '../terminal.ts';

const DETAILS_HINT =
  'Pass --details for requests, responses and curl commands; --report html=report.html has them, too.';

/** @param isStyled whether it goes to stdout, which may have colors and a width */
export const prettyOptions = (
  { style, columns }: Pick<Terminal, 'style' | 'columns'>,
  details: boolean,
  isStyled: boolean,
): PrettyOptions => ({
  details,
  detailsHint: DETAILS_HINT,
  ...(isStyled ? { paint: (colour, text) => style(colour, text), width: columns } : {}),
});
