/**
 * Which dialog is open.
 *
 * @module
 */
import { signal } from '@preact/signals';

export type DialogName = 'help' | 'trigger' | 'edit' | 'forge' | 'webhook' | 'secret';

export const dialog = signal<DialogName | null>(null);
/** What the dialog is about, e.g. the id of a webhook. */
export const subject = signal<string | null>(null);

export const openDialog = (name: DialogName, about: string | null = null): void => {
  subject.value = about;
  dialog.value = name;
};

export const closeDialog = (): void => void (dialog.value = null);
