import type { actions as en } from '../en/actions.ts';

export const actions: typeof en = {
  done: '已完成',
  skip: '不执行',
  noted: '已记录。',
  state: { open: '待执行', done: '已完成', skipped: '不执行', failed: '失败' },
  takenBack: '待撤销',
  undo: { open: '正在撤销', done: '已撤销', skipped: '不撤销', failed: '未能撤销' },
};
