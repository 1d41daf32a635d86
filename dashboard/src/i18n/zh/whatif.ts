import type { whatif as en } from '../en/whatif.ts';

export const whatif: typeof en = {
  title: '假设分析',
  hint: '按实时数据推算该队列需要多少坐席；拖动滑块查看增减坐席的效果。',
  agents: (count) => `坐席：${count}`,
  arrivals: (percent) => `业务量：${percent} %`,
  needed: '达标所需',
  now: '当前服务人数',
  level: '预计服务水平',
  asa: '预计平均应答速度',
  abandons: '预计放弃率',
  occupancy: '占用率',
  reset: '恢复现状',
  unknown: '暂时无法推算',
  chooseQueue: '请选择一个队列，查看增减坐席的效果。',
};
