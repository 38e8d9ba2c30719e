// The form to sign in with.

import { h, replace, text } from './dom.js';
import { signIn } from './api.js';
import { t } from './words.js';

export function showSignIn(main, signedIn) {
  const user = h('input', { id: 'user-name', name: 'user', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', required: true, maxlength: 64 });
  const password = h('input', { id: 'password', name: 'password', type: 'password', autocomplete: 'current-password', required: true, maxlength: 1024 });
  const wrong = h('p', { class: 'error', id: 'sign-in-error', role: 'alert', hidden: true });
  const button = h('button', { class: 'primary', id: 'sign-in', type: 'submit' }, t('signIn'));

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    wrong.hidden = true;
    try {
      await signIn(user.value.trim(), password.value);
      signedIn();
    } catch (error) {
      const known = { 401: 'signIn.wrong', 422: 'signIn.wrong', 429: 'signIn.wait' }[error.status];
      text(wrong, known ? t(known) : error.message);
      wrong.hidden = false;
      password.value = '';
      password.focus();
    } finally {
      button.disabled = false;
    }
  }

  replace(main, h('form', { class: 'panel sign-in', onsubmit: submit },
    h('h1', {}, t('signIn')),
    h('div', { class: 'field' }, h('label', { for: 'user-name' }, t('signIn.user')), user),
    h('div', { class: 'field' }, h('label', { for: 'password' }, t('signIn.password')), password),
    wrong, button));
  user.focus();
}
