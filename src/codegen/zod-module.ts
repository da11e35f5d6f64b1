/**
 * One generated module of zod schemas.
 *
 * @module
 */
import { docComment } from './doc-comment.ts';
import { type Documents, type Found, isMembers } from './documents.ts';
import { generatedHeader } from './header.ts';
import { type Doc, call, render } from './layout.ts';
import { type ModuleName, type NamedSchema, type Registry, SPEC_OF } from './registry.ts';
import type { TolerantForm } from './tolerant.ts';
import { type PrinterContext, printSchema } from './zod-printer.ts';

/** The source of a module: a schema and a type of the same name for each, those needed first. */
export function printModule(documents: Documents, registry: Registry, module: ModuleName): string {
  const imports = new Imports();
  const blocks = registry.schemas
    .filter((schema) => schema.module === module)
    .map((schema) => {
      const nameOf = (ref: Found): string => {
        const target = registry.schemaOf(ref);
        if (target.module !== module) imports.add(`./${target.module}.ts`, target.name);
        return target.name;
      };
      return printNamed({ documents, nameOf, helper: imports.helper }, schema);
    });
  const title = `Schemas of \`spec/${SPEC_OF[module]}\`, as zod and as types.`;
  return `${[generatedHeader(title), imports.print(), ...blocks].join('\n\n')}\n`;
}

const TOLERANT_TITLE = 'Tolerant schemas of what the provider sends, as zod and as types.';
const TOLERANT_TEXT = `For receivers and clients: the members that are described must be there and have their JSON types.
Members, values of lists and types of events that are new pass. \`./strict.ts\` has the strict form.`;

/** The source of the module with the tolerant form. */
export function printTolerantModule(
  documents: Documents,
  registry: Registry,
  tolerant: TolerantForm,
): string {
  const imports = new Imports();
  const context: PrinterContext = {
    documents,
    nameOf: (ref) => registry.schemaOf(ref).name,
    helper: imports.helper,
    tolerant,
  };
  const blocks = tolerant.schemas.map((schema) => {
    const other = tolerant.unknownOf(schema);
    return printNamed(context, schema, (known) =>
      other === null ? known : call(imports.helper('openUnion'), known, other.name),
    );
  });
  const header = generatedHeader(TOLERANT_TITLE, TOLERANT_TEXT);
  return `${[header, imports.print(), ...blocks].join('\n\n')}\n`;
}

function printNamed(
  context: PrinterContext,
  { name, found }: NamedSchema,
  wrap: (doc: Doc) => Doc = (doc) => doc,
): string {
  const doc = wrap(printSchema(context, found));
  const comment = isMembers(found.value) ? docComment(found.value) : [];
  const start = `export const ${name} = `;
  return [
    ...comment,
    `${start}${render(doc)};`,
    `export type ${name} = z.infer<typeof ${name}>;`,
  ].join('\n');
}

/** The imports of a module, collected while it is printed. */
class Imports {
  readonly #byFile = new Map<string, Set<string>>();

  add(file: string, name: string): void {
    const names = this.#byFile.get(file) ?? new Set();
    this.#byFile.set(file, names.add(name));
  }

  /** Imports a helper of `support.ts`; returns its name. */
  readonly helper = (name: string): string => {
    this.add('./support.ts', name);
    return name;
  };

  print(): string {
    const lines = [...this.#byFile]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([file, names]) => {
        const listed = [...names].toSorted();
        const line = `import { ${listed.join(', ')} } from '${file}';`;
        if (line.length <= 100) return line;
        return `import {\n${listed.map((name) => `  ${name},\n`).join('')}} from '${file}';`;
      });
    return ["import * as z from 'zod';", ...lines].join('\n');
  }
}
