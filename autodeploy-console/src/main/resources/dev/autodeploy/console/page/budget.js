// The budget that all deployments share: what is spent of it, and another one.

import { h, replace } from './dom.js';
import { change, get, session } from './api.js';
import { t, money, number, dateOf } from './words.js';

const PERIODS = ['day', 'week', 'month', 'total'];
const ENDS = ['drain', 'cut'];

const amountOf = (status, amount) => (status.currency ? money(amount, status.currency) : t('gpuHours', { n: number(Math.round(Number(amount) / 36) / 100) }));

// Whole seconds of an ISO-8601 duration of hours, minutes and seconds.
function hoursOf(iso) {
  const [, hours, minutes, seconds] = /^PT(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?$/.exec(iso) || [];
  return Number(hours || 0) + Number(minutes || 0) / 60 + Number(seconds || 0) / 3600;
}

function spent(status) {
  if (!status) return h('p', { id: 'engine-budget' }, t('engineBudget.none'));
  const words = { spent: amountOf(status, status.spent), limit: amountOf(status, status.limit), period: t('budget.' + status.period), percent: number(status.percent) };
  const over = status.exhausted ? t('budget.exhausted', words) : !status.startable ? t('budget.noStart', words) : null;
  return h('p', { id: 'engine-budget', class: over ? 'bad' : null },
    over || words.spent + ' · ' + t('budget.of', words), ' ',
    status.resetsAt ? t('budget.resets', { time: dateOf(status.resetsAt) }) : null);
}

function fields(budget) {
  const amount = h('input', { id: 'engine-budget-amount', inputmode: 'decimal', autocomplete: 'off', 'aria-label': t('engineBudget'),
    value: budget ? (budget.gpuTime ? hoursOf(budget.gpuTime) : budget.amount) : '' });
  const unit = h('input', { id: 'engine-budget-unit', class: 'currency', maxlength: 5, autocomplete: 'off', 'aria-label': t('form.budgetUnit'),
    value: budget ? (budget.gpuTime ? 'GPU h' : budget.currency) : 'USD' });
  const select = (id, label, values, now) => h('select', { id, 'aria-label': label },
    values.map((value) => h('option', { value, selected: value === now }, t('budget.' + value))));
  const period = select('engine-budget-period', t('form.budgetPeriod'), PERIODS, budget?.period || 'month');
  const end = select('engine-budget-end', t('form.budgetEnd'), ENDS, budget?.end || 'drain');
  const value = () => {
    if (!amount.value.trim()) return null;
    const json = { period: period.value, end: end.value, zone: budget?.zone || Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC' };
    if (budget) json.minimumUse = budget.minimumUse;
    return /^gpu/i.test(unit.value.trim())
      ? { ...json, gpuTime: 'PT' + Math.round(Number(amount.value) * 3600) + 'S' }
      : { ...json, amount: amount.value.trim(), currency: unit.value.trim().toUpperCase() };
  };
  return { inputs: [h('span', { class: 'withunit' }, amount, unit), period, end], value };
}

export function budgetPanel() {
  const panel = h('section', { class: 'panel engine-budget' });
  const told = h('p', { class: 'muted', role: 'status', id: 'engine-budget-told' });

  function show({ budget, status }) {
    const { inputs, value } = fields(budget);
    const form = h('form', { class: 'costs-choice', onsubmit: async (event) => {
      event.preventDefault();
      try {
        show(await change('PATCH', 'budget', { budget: value() }));
        told.textContent = t('engineBudget.saved');
      } catch (error) {
        told.textContent = error.message;
      }
    } }, ...inputs, h('button', { class: 'small', id: 'engine-budget-save' }, t('engineBudget.save')));
    replace(panel, h('h2', {}, t('engineBudget')), spent(status),
      session.actions ? [form, h('p', { class: 'muted' }, t('engineBudget.hint'))] : null, told);
  }

  get('budget').then(show, (error) => replace(panel, h('p', { role: 'alert' }, error.message)));
  return panel;
}
