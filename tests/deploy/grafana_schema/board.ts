// Grafana's own types of dashboards and panels, of the version that the compose file names, put together so
// that the compiler refuses what Grafana does not know: a field, a type of panel, an option, a value.
import type * as schema from '@grafana/schema';
import type * as bargauge from './node_modules/@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as stat from './node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from './node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from './node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** In JSON a value of an enumeration is its text or number. */
type Plain<T> = T extends string ? `${T}` : T extends number ? (`${T}` extends `${infer N extends number}` ? N : T) : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

/** What a data source makes of its query is its own; the sources' types of our queries are not published. */
type Target = { refId: string; datasource?: { type: string; uid: string }; [own: string]: unknown };
type Own<Name extends string, Options, Custom> = Omit<schema.Panel<Options, Custom>, 'options' | 'targets' | 'type' | 'fieldConfig'> & {
  type: Name; options: Partial<Options>; targets: Target[];
  fieldConfig: Omit<schema.FieldConfigSource<Custom>, 'defaults'> & { defaults: Omit<schema.FieldConfig, 'custom'> & { custom?: Partial<Custom> } };
};
type AnyPanel =
  | Own<'bargauge', bargauge.Options, object>
  | Own<'stat', stat.Options, object>
  | Own<'table', table.Options, table.FieldConfig>
  | Own<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | schema.RowPanel;
export type Board = Plain<Omit<schema.Dashboard, 'panels' | 'annotations'> & {
  panels: AnyPanel[];
  annotations?: { list?: (Omit<schema.AnnotationQuery, 'target'> & { target: Target })[] };
}>;
