import { has, t } from './i18n.js';

const OURS = 'urn:switchboard:problem:';

/**
 * What the server refused, or what this side noticed, in the page's language.
 *
 * @param {{type?: string, title?: string, detail?: string, status?: number}} document a problem (RFC 9457)
 */
export function say({ type, title = '', detail = title, status }) {
  if (type?.startsWith(OURS)) {
    const key = `problem.${type.slice(OURS.length)}`;
    return has(key) ? t(key, { detail }) : t('problem.other', { detail });
  }
  if (status) {
    return t('error.status', { status });
  }
  return t(title.includes('not known whether the message was accepted') ? 'error.taken' : 'error.reach');
}

/** The same of anything that was thrown. */
export function explain(problem) {
  return say(problem?.document ?? problem?.problem ?? {});
}
