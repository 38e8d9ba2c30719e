// The origin of a snapshot: the deployment that it was made of, its size, its date, and what it leaves out.

import { h, text } from './dom.js';
import { t, bytes, dateOf } from './words.js';

export function originLine() {
  return h('span', { class: 'hint', id: 'snapshot-origin' });
}

/** Shows the origin of the snapshot that is wanted, or nothing if the provider has none of that name. */
export function showOrigin(line, snapshots, wanted) {
  const found = wanted && snapshots.find((s) => s.reference === wanted || s.reference.endsWith(':' + wanted));
  text(line, !found ? '' : [t('form.snapshotOf', { name: found.deployment, size: bytes(found.bytes), time: dateOf(found.createdAt) }),
    found.leftOut.length ? t('form.snapshotWithout', { paths: found.leftOut.join(', ') }) : ''].join(' '));
}
