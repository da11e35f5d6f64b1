/**
 * One generated module of zod schemas.
 *
 * @module
 */
import { docComment } from './doc-comment.ts';
import { type Documents, isMembers } from './documents.ts';
import { generatedHeader } from './header.ts';
import { render } from './layout.ts';
import { type ModuleName, type NamedSchema, type Registry, SPEC_OF } from './registry.ts';
import { printSchema } from './zod-printer.ts';

/** The source of a module: a schema and a type of the same name for each, those needed first. */
export function printModule(documents: Documents, registry: Registry, module: ModuleName): string {
  const imports = new Imports();
  const blocks = registry.schemas
    .filter((schema) => schema.module === module)
    .map((schema) => printNamed(documents, registry, schema, imports));
  const title = `Schemas of \`spec/${SPEC_OF[module]}\`, as zod and as types.`;
  return `${[generatedHeader(title), imports.print(), ...blocks].join('\n\n')}\n`;
}

function printNamed(
  documents: Documents,
  registry: Registry,
  { name, module, found }: NamedSchema,
  imports: Imports,
): string {
  const doc = printSchema(
    {
      documents,
      nameOf(ref) {
        const target = registry.schemaOf(ref);
        if (target.module !== module) imports.add(`./${target.module}.ts`, target.name);
        return target.name;
      },
      helper(helper) {
        imports.add('./support.ts', helper);
        return helper;
      },
    },
    found,
  );
  const comment = isMembers(found.value) ? docComment(found.value) : [];
  const start = `export const ${name} = `;
  return [
    ...comment,
    `${start}${render(doc, 0, start.length)};`,
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
