/**
 * Bundled documents as YAML.
 *
 * @module
 */
import { stringify } from 'yaml';

/**
 * A document as YAML that YAML 1.1 readers (PyYAML, SnakeYAML) and YAML 1.2 readers understand alike:
 * texts such as `on`, `12:30` and timestamps are quoted.
 *
 * @param source the file in `spec/` that the document was bundled from
 */
export const printYaml = (source: string, document: unknown): string =>
  `# Bundled by \`npm run gen\` from spec/${source}. Do not edit.\n${stringify(document, {
    version: '1.1',
    aliasDuplicateObjects: false,
    lineWidth: 0,
  })}`;
