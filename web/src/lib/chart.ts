// The one chart kit of the screens, by ECharts: only the parts that are used, drawn as SVG so that they print and scale.
import { BarChart } from 'echarts/charts';
import { GridSimpleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, GridSimpleComponent, SVGRenderer]);

export function draw(box: HTMLElement): {
  days(rows: { day: string; due: number; end: number }[], names: { due: string; end: string }): void;
  resize(): void;
  dispose(): void;
} {
  const chart = init(box, undefined, { renderer: 'svg' });
  // A colour of the page is one for light and one for dark: which of them it is, only an element that wears it knows.
  const colour = (name: string): string => {
    box.style.color = `var(${name})`;
    const worn = getComputedStyle(box).color;
    box.style.color = '';
    return worn;
  };
  return {
    days(rows, names) {
      const ink = colour('--ink-soft');
      // Figures stand on the bars: a glove cannot hover.
      const number = {
        show: true,
        position: 'top',
        color: ink,
        fontSize: 11,
        formatter: (p: { value: number }): string => (p.value ? String(p.value) : ''),
      } as never;
      chart.setOption(
        {
          animation: false,
          textStyle: { fontFamily: 'inherit', color: ink },
          grid: { left: 34, right: 8, top: 16, bottom: 24 },
          xAxis: {
            type: 'category',
            data: rows.map((r) => r.day),
            axisLabel: { color: ink, hideOverlap: true },
            axisTick: { show: false },
            axisLine: { lineStyle: { color: ink } },
          },
          yAxis: {
            type: 'value',
            minInterval: 1,
            axisLabel: { color: ink },
            splitLine: { lineStyle: { color: colour('--line') } },
          },
          series: [
            {
              name: names.end,
              type: 'bar',
              data: rows.map((r) => r.end),
              itemStyle: { color: colour('--s-hold-4') },
              barMaxWidth: 22,
              label: number,
            },
            // Hollow bars beside full ones: told apart without colour.
            {
              name: names.due,
              type: 'bar',
              data: rows.map((r) => r.due || null),
              itemStyle: { color: 'transparent', borderColor: colour('--accent'), borderWidth: 2 },
              barMaxWidth: 22,
              label: number,
            },
          ],
        },
        { notMerge: true },
      );
    },
    resize: () => chart.resize(),
    dispose: () => chart.dispose(),
  };
}
