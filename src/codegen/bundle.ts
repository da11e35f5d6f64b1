/**
 * Bundles a spec into one JSON document: everything it references in other files moves into its `components`.
 *
 * @module
 */
import {
  type Documents,
  type Found,
  type Members,
  follow,
  isMembers,
  membersAt,
} from './documents.ts';
import type { Registry } from './registry.ts';
import { type Place, SpecProblem, inside, pointerNames, showPlace } from './spec-problem.ts';
import { tagOf, tagsOf } from './tagged-union.ts';
import { isExample } from './walk.ts';

type Components = Record<string, Record<string, unknown>>;

const componentsOf = (document: Members): Members =>
  isMembers(document['components']) ? document['components'] : {};

/** The components of the bundle that come from other files. */
interface Adopted {
  /** By kind and name. */
  readonly components: Components;
  /**
   * Copy a value from another file into the components, once.
   *
   * @returns its new pointer
   * @throws {SpecProblem} if another component has the same name
   */
  adopt(target: Found, kind: string, name: string, rewrite: (found: Found) => unknown): string;
}

const createAdopted = (documents: Documents, root: Place, source: Members): Adopted => {
  const components: Components = {};
  const origins = new Map<string, string>();

  /** True if the document has a component of this name that is not just an alias of the target. */
  const isTaken = (kind: string, name: string, target: Found): boolean => {
    const own = componentsOf(source)[kind];
    if (!isMembers(own) || own[name] === undefined) return false;
    const place = inside(root, 'components', kind, name);
    const found = follow(documents, { value: own[name], place });
    return showPlace(found.place) !== showPlace(target.place);
  };

  return {
    components,
    adopt: (target, kind, name, rewrite) => {
      const pointer = `#/components/${kind}/${name}`;
      const origin = showPlace(target.place);
      const previous = origins.get(pointer);
      if (previous === origin) return pointer;
      if (previous !== undefined || isTaken(kind, name, target)) {
        throw new SpecProblem(
          root,
          `two components would be named "${pointer}", one of them ${origin}. Rename one.`,
        );
      }
      origins.set(pointer, origin);
      const members = (components[kind] ??= {});
      // Reserve the place before the recursion, so that components keep the order of their first reference.
      members[name] = null;
      members[name] = rewrite(target);
      return pointer;
    },
  };
};

/** Rewrites the values of one document so that every reference is local. */
class Bundler {
  readonly #documents: Documents;
  readonly #registry: Registry;
  readonly #source: Members;
  readonly #root: Place;
  readonly #adopted: Adopted;

  constructor(documents: Documents, registry: Registry, file: string) {
    this.#documents = documents;
    this.#registry = registry;
    this.#source = documents.read(file);
    this.#root = { file, pointer: '' };
    this.#adopted = createAdopted(documents, this.#root, this.#source);
  }

  /** The bundled document. */
  bundle(): Members {
    const bundled = this.#rewrite({ value: this.#source, place: this.#root }) as Members;
    const own = componentsOf(bundled);
    const { components: adopted } = this.#adopted;
    const kinds = new Set([
      ...Object.keys(own),
      ...Object.keys(componentsOf(this.#source)),
      ...Object.keys(adopted),
    ]);
    // An adopted component replaces an own one of the same name, which was just an alias of it.
    const merged = [...kinds].map((kind): [string, Members] => {
      const members = isMembers(own[kind]) ? own[kind] : {};
      return [kind, { ...members, ...adopted[kind] }];
    });
    return { ...bundled, components: Object.fromEntries(merged) };
  }

  #rewrite({ value, place }: Found): unknown {
    if (Array.isArray(value)) {
      return value.map((item: unknown, at) =>
        this.#rewrite({ value: item, place: inside(place, at) }),
      );
    }
    if (!isMembers(value)) return value;
    const union = this.#discriminatorOf(value, place);
    const entries = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
      if (name === '$ref' && typeof member === 'string') {
        return [[name, this.#rewriteRef(value, place)]];
      }
      if (['$schema', '$id'].includes(name) && place.file !== this.#root.file) return [];
      if (isExample(name, member, place)) return [[name, member]];
      return [[name, this.#rewrite({ value: member, place: inside(place, name) })]];
    });
    return { ...Object.fromEntries(entries), ...union };
  }

  #rewriteRef(value: Members, place: Place): string {
    const { file } = this.#root;
    const { place: next } = this.#documents.resolve(String(value['$ref']), place);
    if (next.file === file) return `#${next.pointer}`;
    const target = follow(this.#documents, { value, place });
    if (target.place.file === file) return `#${target.place.pointer}`;
    const [root, kind = '', name = '', ...rest] = pointerNames(next.pointer);
    const isComponent = root === 'components' && name !== '' && rest.length === 0;
    return isComponent && kind !== 'schemas'
      ? this.#adopt(target, kind, name)
      : this.#adopt(target, 'schemas', this.#registry.schemaOf({ value, place }).name);
  }

  #adopt(target: Found, kind: string, name: string): string {
    return this.#adopted.adopt(target, kind, name, (found) => this.#rewrite(found));
  }

  /** The discriminator of a union of named schemas, if one field distinguishes them. */
  #discriminatorOf(value: Members, place: Place): { readonly discriminator?: unknown } {
    const from = inside(place, 'oneOf');
    const list = Array.isArray(value['oneOf']) ? value['oneOf'] : [];
    const options = list.map((option: unknown, at): Found => ({
      value: option,
      place: inside(from, at),
    }));
    const areNamed = options.every((option) => isMembers(option.value) && '$ref' in option.value);
    if (options.length === 0 || !areNamed) return {};
    const propertyName = tagOf(this.#documents, options, value['discriminator'], place);
    if (propertyName === null) return {};
    // In AsyncAPI a discriminator is just the name.
    if ('asyncapi' in this.#source) return { discriminator: propertyName };
    const mapping = options.flatMap((option) =>
      (tagsOf(this.#documents, option).get(propertyName) ?? []).map((tag) => [
        tag,
        this.#rewriteRef(membersAt(option.value, option.place), option.place),
      ]),
    );
    return { discriminator: { propertyName, mapping: Object.fromEntries(mapping) } };
  }
}

/**
 * Bundle a document.
 *
 * @param file name of the document in the spec folder
 * @returns the document with every reference local
 * @throws {SpecProblem} if two components would have the same name
 */
export const bundle = (documents: Documents, registry: Registry, file: string): Members =>
  new Bundler(documents, registry, file).bundle();
