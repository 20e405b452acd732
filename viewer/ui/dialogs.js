/**
 * The two dialogs: signing in, and the keys.
 *
 * @import {Problem} from '../core/problem.js'
 */

import { strings } from '../strings.js';
import { h, icon, setText } from './dom.js';

/**
 * @param {{signIn: (token: string) => Promise<void>, done: () => void}} options
 * @returns {{element: HTMLDialogElement, open: () => void}}
 */
export function createSignIn({ signIn, done }) {
  const fault = h('p', { class: 'field-fault', role: 'alert', id: 'token-fault' });
  const token = /** @type {HTMLInputElement} */ (
    h('input', {
      id: 'token',
      name: 'token',
      type: 'password',
      required: true,
      autocomplete: 'current-password',
      'aria-describedby': 'token-fault',
    })
  );
  const submit = /** @type {HTMLButtonElement} */ (
    h('button', { class: 'button primary', type: 'submit', text: strings.signIn.submit })
  );
  const form = h(
    'form',
    { on: { submit: send } },
    h('span', { class: 'brand' }, icon('mark'), h('span', { class: 'brand-name', text: strings.brand })),
    h('h1', { text: strings.signIn.title, id: 'sign-in-title' }),
    h('p', { class: 'hint', text: strings.signIn.why }),
    // Password managers file a secret under a name.
    h('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'token', hidden: true }),
    h('div', { class: 'field' }, h('label', { for: 'token', text: strings.signIn.token }), token, fault),
    submit,
  );
  const element = /** @type {HTMLDialogElement} */ (
    h('dialog', { class: 'sign-in', 'aria-labelledby': 'sign-in-title' }, form)
  );
  element.addEventListener('cancel', (event) => event.preventDefault());

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    submit.disabled = true;
    try {
      await signIn(token.value.trim());
      token.value = '';
      setText(fault, '');
      element.close();
      done();
    } catch (error) {
      setText(fault, /** @type {Problem} */ (error).message);
      token.select();
    } finally {
      submit.disabled = false;
    }
  }

  return {
    element,
    open() {
      if (!element.open) element.showModal();
    },
  };
}

/** @returns {{element: HTMLDialogElement, open: () => void}} */
export function createHelp() {
  const rows = strings.help.keys.map(([keys, what]) => h('div', {}, h('dt', { text: keys }), h('dd', { text: what })));
  const close = h('button', { class: 'button', type: 'submit', text: strings.help.close });
  const element = /** @type {HTMLDialogElement} */ (
    h(
      'dialog',
      { class: 'help', 'aria-labelledby': 'help-title' },
      h(
        'form',
        { method: 'dialog' },
        h('h2', { id: 'help-title', text: strings.help.title }),
        h('dl', {}, ...rows),
        h('p', { class: 'hint', text: strings.help.note }),
        close,
      ),
    )
  );
  element.addEventListener('click', (event) => {
    if (event.target === element) element.close();
  });
  return { element, open: () => element.showModal() };
}
