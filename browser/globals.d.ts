// What scripts that are no modules give a page: Django's translations (/jsi18n/).

declare function gettext(text: string): string;
declare function ngettext(singular: string, plural: string, count: number): string;
declare function interpolate(text: string, values: Record<string, string | number>, named: true): string;
