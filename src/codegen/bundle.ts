/**
 * A spec as one JSON document: what stands in other files moves into its `components`.
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

/** The bundled document, every reference local. */
export function bundle(documents: Documents, registry: Registry, file: string): Members {
  const root: Place = { file, pointer: '' };
  const source = documents.read(file);
  const components = structuredClone(
    isMembers(source['components']) ? source['components'] : {},
  ) as Record<string, Record<string, unknown>>;
  const origins = new Map<string, string>();

  /** Copies what stands elsewhere into `components`, once, and answers with its new pointer. */
  const adopt = (target: Found, kind: string, name: string): string => {
    const pointer = `#/components/${kind}/${name}`;
    const origin = showPlace(target.place);
    const before = origins.get(pointer);
    if (before === origin) return pointer;
    if (before !== undefined || existsElsewhere(kind, name, target)) {
      throw new SpecProblem(
        root,
        `two things would be called "${pointer}", one of them ${origin}. Rename one.`,
      );
    }
    origins.set(pointer, origin);
    const room = (components[kind] ??= {});
    room[name] = null;
    room[name] = rewrite(target);
    return pointer;
  };

  /** A component of the same name that is not just another name for the target. */
  const existsElsewhere = (kind: string, name: string, target: Found): boolean => {
    const own = (isMembers(source['components']) ? source['components'] : {})[kind];
    if (!isMembers(own) || own[name] === undefined) return false;
    const found = follow(documents, {
      value: own[name],
      place: inside(root, 'components', kind, name),
    });
    return showPlace(found.place) !== showPlace(target.place);
  };

  const rewriteRef = (value: Members, place: Place): string => {
    const ref = String(value['$ref']);
    const { place: next } = documents.resolve(ref, place);
    const names = pointerNames(next.pointer);
    if (next.file === file) return `#${next.pointer}`;
    const target = follow(documents, { value, place });
    if (target.place.file === file) return `#${target.place.pointer}`;
    const isComponent = names[0] === 'components' && names.length === 3;
    if (isComponent && names[1] !== 'schemas') return adopt(target, names[1] ?? '', names[2] ?? '');
    return adopt(target, 'schemas', registry.schemaOf({ value, place }).name);
  };

  const rewrite = ({ value, place }: Found): unknown => {
    if (Array.isArray(value)) {
      return value.map((item: unknown, at) => rewrite({ value: item, place: inside(place, at) }));
    }
    if (!isMembers(value)) return value;
    const union = unionOf(value, place);
    const entries = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
      if (name === '$ref' && typeof member === 'string') return [[name, rewriteRef(value, place)]];
      if (['$schema', '$id'].includes(name) && place.file !== file) return [];
      if (isExample(name, member, place)) return [[name, member]];
      return [[name, rewrite({ value: member, place: inside(place, name) })]];
    });
    return { ...Object.fromEntries(entries), ...union };
  };

  /** The discriminator of a union of named schemas that one field tells apart. */
  const unionOf = (value: Members, place: Place): { readonly discriminator?: unknown } => {
    const from = inside(place, 'oneOf');
    const list = Array.isArray(value['oneOf']) ? value['oneOf'] : [];
    const options = list.map((option: unknown, at): Found => ({
      value: option,
      place: inside(from, at),
    }));
    const areNamed = options.every((option) => isMembers(option.value) && '$ref' in option.value);
    if (options.length === 0 || !areNamed) return {};
    const propertyName = tagOf(documents, options, value['discriminator'], place);
    if (propertyName === null) return {};
    // AsyncAPI's discriminator is a mere name.
    if ('asyncapi' in source) return { discriminator: propertyName };
    const mapping = options.flatMap((option) =>
      (tagsOf(documents, option).get(propertyName) ?? []).map((tag) => [
        tag,
        rewriteRef(membersAt(option.value, option.place), option.place),
      ]),
    );
    return { discriminator: { propertyName, mapping: Object.fromEntries(mapping) } };
  };

  const bundled = rewrite({ value: source, place: root }) as Record<string, unknown>;
  const own = isMembers(bundled['components']) ? bundled['components'] : {};
  const merged: Record<string, unknown> = {};
  for (const kind of new Set([...Object.keys(own), ...Object.keys(components)])) {
    const members = isMembers(own[kind]) ? own[kind] : {};
    const adopted = Object.keys(components[kind] ?? {}).filter((name) =>
      origins.has(`#/components/${kind}/${name}`),
    );
    // A component that merely named the thing elsewhere is replaced by the thing.
    const moved = adopted.map((name) => [name, components[kind]?.[name]]);
    merged[kind] = { ...members, ...Object.fromEntries(moved) };
  }
  return { ...bundled, components: merged };
}
