import { has, t } from './i18n.js';

const OURS = 'urn:switchboard:problem:';

/**
 * What the server refused, in the page's language.
 *
 * @param {{type?: string, title?: string, detail?: string}} document a problem (RFC 9457)
 */
export function say(document) {
  const slug = document.type?.startsWith(OURS) ? document.type.slice(OURS.length) : '';
  const detail = document.detail ?? document.title ?? '';
  const key = `problem.${slug}`;
  return has(key) ? t(key, { detail }) : t('problem.other', { detail });
}
