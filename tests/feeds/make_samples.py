"""The samples of the shipped feeds: invented rows in the true form of each register's files.

Run `python -m tests.feeds.make_samples` to write them anew. No row is of a real vehicle.
"""

import csv
import io
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from detectors.vin import check_digit
from streams.feeds.loading import load_feed

SAMPLES = Path(__file__).parent / "samples"
STAMP = (2026, 1, 1, 0, 0, 0)


def vin(start: str, serial: int) -> str:
    """An invented VIN with a check digit that fits."""
    plain = f"{start[:8]}0{start[8:]}{serial:06}"
    return f"{plain[:8]}{check_digit(plain)}{plain[9:]}"


def spain() -> None:
    fields = load_feed("es-dgt").container.fields

    def line(**values: str) -> str:
        return "".join(values.get(f.name, "").ljust(f.width)[: f.width] for f in fields)

    def row(day: str, procedure: str, number: str, **values: str) -> str:
        return line(
            FEC_MATRICULA=values.pop("first", day), COD_CLASE_MAT="0", FEC_TRAMITACION=day,
            FEC_TRAMITE=day, FEC_PROCESO=day, CLAVE_TRAMITE=procedure, BASTIDOR_ITV=number,
            COD_TIPO="40", PERSONA_FISICA_JURIDICA=values.pop("holder", "D"), SERVICIO="B00",
            RENTING="N", COD_PROVINCIA_MAT="M", **values,
        )  # fmt: skip

    seat = {"MARCA_ITV": "SEAT", "MODELO_ITV": "LEÓN", "COD_PROPULSION_ITV": "0", "COD_PROVINCIA_VEH": "M",
            "IND_NUEVO_USADO": "N", "MUNICIPIO": "ALCORCÓN"}  # fmt: skip
    byd = {"MARCA_ITV": "BYD", "MODELO_ITV": "SEAL", "COD_PROPULSION_ITV": "2",
           "CATEGORIA_VEHICULO_ELECTRICO": "BEV", "COD_PROVINCIA_VEH": "OU"}  # fmt: skip
    used = {"MARCA_ITV": "BMW", "MODELO_ITV": "X1", "COD_PROPULSION_ITV": "1", "IND_NUEVO_USADO": "U",
            "COD_PROVINCIA_VEH": "IB"}  # fmt: skip
    first, second, third = vin("VSSZZZKLRR", 101), vin("LGXCE4CBRR", 102), vin("WBA11EE0LR", 103)
    daily = [
        "Vehículos matriculados. Letras de la serie de la última matrícula asignada: MNB".ljust(79),
        row("15032024", "1", first, **seat),
        row("15032024", "1", second, holder="X", IND_NUEVO_USADO="N", **byd),
        row("15032024", "9", third, **used),
        row("18032024", "B", third, **used),
        row("18032024", "1", third, **used)[:700],
        row("31022024", "1", vin("VSSZZZKLRR", 104), **seat),
    ]
    (SAMPLES / "es-dgt").mkdir(exist_ok=True)
    _text("es-dgt/export_mat_20240315.txt", "\r\n".join(daily) + "\r\n", "latin-1")
    transfers = [
        row("20032024", "2", second, first="15032024", holder="X", **byd),
        row("21022025", "2", "WVGZZZCT3T***********", first="01012025", MARCA_ITV="VW", MODELO_ITV="TIGUAN",
            COD_PROVINCIA_VEH="DS"),
    ]  # fmt: skip
    removals = [
        row("02042024", "6", first, first="15032024", COD_PROVINCIA_VEH="M"),
        row("03042024", "3", third, first="18032024", IND_BAJA_DEF="8", COD_PROVINCIA_VEH="IB"),
        row("04042024", "7", second, first="15032024", IND_BAJA_DEF="9", COD_PROVINCIA_VEH="OU"),
        row("05042024", "3", vin("VSSZZZKLRR", 105), IND_BAJA_DEF="0", COD_PROVINCIA_VEH="B"),
        row("05042024", "Z", vin("VSSZZZKLRR", 106), COD_PROVINCIA_VEH="B"),
    ]
    _zip("es-dgt/export_mensual_trf_202403.zip", "export_mensual_trf_202403.txt",
         ("\n".join(transfers) + "\n").encode("latin-1"))  # fmt: skip
    _zip("es-dgt/export_mensual_bajas_202404.zip", "export_mensual_bajas_202404.txt",
         ("\n".join(removals) + "\n").encode("latin-1"))  # fmt: skip


def ukraine() -> None:
    (SAMPLES / "ua-mvs").mkdir(exist_ok=True)
    old = ("PERSON;REG_ADDR_KOATUU;OPER_CODE;OPER_NAME;D_REG;DEP_CODE;DEP;BRAND;MODEL;VIN;MAKE_YEAR;COLOR;KIND;"
           "BODY;PURPOSE;FUEL;CAPACITY;OWN_WEIGHT;TOTAL_WEIGHT;N_REG_NEW").split(";")  # fmt: skip
    new = ("PERSON;CD.OPER_CODE||'-'||CD.OPERAS;D_REG;DEP;BRAND;MODEL;VIN;MAKE_YEAR;COLOR;KIND;PURPOSE;BODY;FUEL;"
           "CAPACITY;POWER_KWT;OWN_WEIGHT;TOTAL_WEIGHT").split(";")  # fmt: skip
    first = (
        "ПЕРВИННА РЕЄСТРАЦІЯ НОВОГО ТЗ ПРИДБАНОГО В ТОРГОВЕЛЬНІЙ ОРГАНІЗАЦІЇ, ЯКИЙ ВВЕЗЕНО З-ЗА КОРДОНУ"
    )
    used = "ПЕРВИННА РЕЄСТРАЦIЯ Б/В ТЗ ПРИДБАНОГО В ТОРГОВЕЛЬНІЙ ОРГАНІЗАЦІЇ, ЯКИЙ ВВЕЗЕНО З-ЗА КОРДОНУ"
    sale = "ПЕРЕРЕЄСТРАЦІЯ НА НОВОГО ВЛАСНИКА ЗА ДОГ. КУПIВЛI-ПРОДАЖУ (СГ)"
    a, b, c = vin("LGXCE4CBRR", 201), vin("WVWZZZ3CHE", 202), vin("VF1AG000RR", 203)

    def early(person: str, code: str, name: str, day: str, number: str, **more: str) -> list[str]:
        row = dict.fromkeys(old, "") | {
            "PERSON": person, "REG_ADDR_KOATUU": "8036100000", "OPER_CODE": code, "OPER_NAME": name, "D_REG": day,
            "DEP": "ТСЦ 8041", "BRAND": "BYD", "MODEL": "SEAL", "VIN": number, "FUEL": "ЕЛЕКТРО",
            "N_REG_NEW": "КА0320ММ", "KIND": "ЛЕГКОВИЙ",
        }  # fmt: skip
        return list((row | more).values())

    rows = [
        early("J", "105", first, "03.08.2025", a),
        early(
            "P", "315", "ПЕРЕРЕЄСТРАЦІЯ ТЗ НА НОВ. ВЛАСН. ПО ДОГОВОРУ УКЛАДЕНОМУ В ТСЦ", "06.08.2025", a
        ),
        early(
            "P", "100", used, "04.08.25", b, FUEL="БЕНЗИН АБО ГАЗ", BRAND="VOLKSWAGEN", MODEL="PASSAT"
        ),
        early("P", "410", "ПЕРЕРЕЄСТРАЦІЯ ПРИ ЗАМІНІ НОМЕРНОГО ЗНАКУ", "05.08.2025", b),
        early("P", "308", sale, "07.08.2025", b.replace("H", "Н").replace("E", "Е"), FUEL="СПИРТ"),
        early("P", "530", "ЗНЯТТЯ З ОБЛІКУ ДЛЯ РЕАЛІЗАЦІЇ", "08.08.2025", b),
        early("P", "777", "НЕВІДОМА ОПЕРАЦІЯ", "08.08.2025", b),
        early("P", "308", sale, "31.06.2025", c),
        early("P", "308", sale, "09.08.2025", ""),
    ]
    _csv("ua-mvs/reestrtz2025.csv", old, rows, ";", "utf-8")

    def late(person: str, operation: str, day: str, number: str) -> list[str]:
        return [person, operation, day, "ТСЦ 5141", "RENAULT", "CLIO", number, "2024", "СІРИЙ", "ЛЕГКОВИЙ", "ЗАГАЛЬНИЙ",
                "ХЕТЧБЕК", "БЕНЗИН", "999", "67", "1100", "1600"]  # fmt: skip

    recent = [
        late("P", f"308 - {sale}", "02.01.26", c),
        late("P", "50 - ВТОРИННА РЕЄСТРАЦІЯ ТЗ ЗНЯТОГО З ОБЛІКУ НА НОВОГО ВЛАСНИКА ЗА ДКП (TRADE-IN)", "05.01.26", c),
        late("P", "540 - ЗНЯТТЯ З ОБЛІКУ У ЗВ'ЯЗКУ З ВИВЕЗЕННЯМ ЗА МЕЖІ УКРАЇНИ", "09.01.26", c),
    ]  # fmt: skip
    data = io.StringIO(newline="")
    writer = csv.writer(data, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerows([new, *recent])
    _zip("ua-mvs/reestrtz2026.zip", "tz_opendata_2026.csv", data.getvalue().encode("cp1251"))


def washington() -> None:
    (SAMPLES / "us-wa-dol").mkdir(exist_ok=True)
    header = ("Electric Vehicle Type,VIN (1-10),DOL Vehicle ID,Model Year,Make,Model,Vehicle Primary Use,Odometer Reading,"
              "Odometer Code,New or Used Vehicle,Sale Price,Date of Vehicle Sale,Transaction Type,"
              "DOL Transaction Date,County,State of Residence").split(",")  # fmt: skip
    none = "Odometer reading is not collected at time of renewal"
    bev = "Battery Electric Vehicle (BEV)"

    def row(
        number: str, kind: str, day: str, sold: str, state: str, miles: str, note: str, price: str
    ) -> list[str]:
        return [bev, "5YJ3E1EC6L", number, "2020", "TESLA", "Model 3", "Passenger", miles, note, state, price, sold,
                kind, day, "King", "WA"]  # fmt: skip

    rows = [
        row("198159801", "Original Title", "April 26 2018", "April 24 2018", "New", "15", "Actual Mileage", "45000"),
        row("198159801", "Original Registration", "April 27 2018", "", "New", "0", none, "0"),
        row("198159801", "Registration Renewal", "April 20 2019", "", "New", "0", none, "0"),
        row("198159801", "Transfer Title", "May 02 2019", "April 30 2019", "Used", "12,400", "Actual Mileage", "39000"),
        row("198159801", "Registration at time of Transfer", "May 03 2019", "", "Used", "0", none, "0"),
        row("264827307", "Original Title", "March 21 2024", "March 20 2024", "Used", "0",
            "Odometer reading is exempt from disclosure", "0"),
        row("264827308", "Repossession", "March 22 2024", "", "Used", "0", none, "0"),
    ]  # fmt: skip
    _csv("us-wa-dol/activity.csv", header, rows, ",", "utf-8", quoting=csv.QUOTE_MINIMAL)


def argentina() -> None:
    (SAMPLES / "ar-dnrpa").mkdir(exist_ok=True)
    header = ("tramite_tipo,tramite_fecha,fecha_inscripcion_inicial,registro_seccional_codigo,"
              "registro_seccional_descripcion,registro_seccional_provincia,automotor_origen,automotor_anio_modelo,"
              "automotor_tipo_codigo,automotor_tipo_descripcion,automotor_marca_codigo,automotor_marca_descripcion,"
              "automotor_modelo_codigo,automotor_modelo_descripcion,automotor_uso_codigo,automotor_uso_descripcion,"
              "titular_tipo_persona,titular_domicilio_localidad,titular_domicilio_provincia,titular_genero,"
              "titular_anio_nacimiento,titular_pais_nacimiento,titular_porcentaje_titularidad,"
              "titular_domicilio_provincia_id,titular_pais_nacimiento_id").split(",")  # fmt: skip

    def row(
        kind: str, day: str, first: str, province: str, person: str, share: str, *more: str
    ) -> list[str]:
        return [kind, day, first, "1001", "CAPITAL FEDERAL N° 1", province, "Nacional", "2025", "A", "SEDAN 5 PUERTAS",
                "016", "FIAT", "X", "CRONOS DRIVE 1.3", "1", "Privado", person, "CABA", province, "Femenino", "1980",
                "Argentina", share, "2", "ARG", *more]  # fmt: skip

    rows = [
        row(
            "INSCRIPCION INICIAL NACIONAL",
            "2025-03-03",
            "2025-03-03",
            "Ciudad Autónoma de Bs.As.",
            "Física",
            "100",
        ),
        row("TRANSFERENCIA NACIONAL", "2025-03-10", "2025-03-05", "Capital Federal", "Física", "50"),
        row("TRANSFERENCIA NACIONAL", "2025-03-10", "2025-03-05", "Capital Federal", "Jurídica", "50"),
        row("TRANSFERENCIA NACIONAL", "2025-03-11", "2010-05-04", "Bs. As.", "Física", "100"),
        row("TRANSFERENCIA NACIONAL", "2025-03-11", "2010-05-04", "Tucumán", "Física", "100", "de más"),
        row("DENUNCIA DE ROBO O HURTO", "2025-03-12", "2000-10-05", "Córdoba", "Física", "100"),
        row("ALTA PATRIMONIAL", "2025-03-12", "2000-10-05", "Córdoba", "Física", "100"),
    ]
    _csv("ar-dnrpa/dnrpa-transferencias-autos-202503.csv", header, rows, ",", "utf-8-sig")
    (SAMPLES / "ar-dnrpa-counts").mkdir(exist_ok=True)
    counts = ("tipo_vehiculo,anio_inscripcion_inicial,mes_inscripcion_inicial,provincia_inscripcion_inicial,"
              "letra_provincia_inscripcion_inicial,cantidad_inscripciones_iniciales,provincia_id").split(",")  # fmt: skip
    table = [
        ["Automotores", "2024", "12", "Buenos Aires", "B", "8123", "6"],
        ["Automotores", "2025", "1", "Buenos Aires", "B", "15011", "6"],
        ["Automotores", "2025", "1", "Cap. Fed.", "C", "7002", "2"],
        ["Automotores", "2025", "2", "Buenos Aires", "B", "9950", "6"],
        ["Automotores", "2025", "2", "Atlántida", "-", "1", "99"],
        ["Automotores", "2025", "2", "Cap. Fed.", "C", "n/d", "2"],
    ]
    _csv("ar-dnrpa-counts/estadistica-inscripciones-2024-12-2025-02.csv", counts, table, ",", "utf-8")


def china() -> None:
    for name in ("cn-registry", "cn-used-invoice", "cn-customs"):
        (SAMPLES / name).mkdir(exist_ok=True)
    a, b, c = vin("LGXCE4CBRR", 401), vin("LRW3E7FSRC", 402), vin("LVVDB21BRD", 403)
    header = ["流水号", "业务类型", "登记日期", "车辆识别代号/车架号", "号牌号码", "登记机关", "身份证明号码", "所有人类型",
              "车辆品牌", "车辆型号", "燃料种类", "使用性质", "行驶里程"]  # fmt: skip
    dealer, exporter = "91440101MA5XXXXX1A", "91650100MA7YYYYY2B"

    def entry(
        kind: str,
        day: str,
        number: str,
        owner: str,
        owner_kind: str,
        km: str = "",
        fuel: str = "纯电动",
    ) -> list[str]:
        return ["1", kind, day, number, "粤AD12345", "广东省广州市公安局车辆管理所", owner, owner_kind, "比亚迪", "海豹",
                fuel, "非营运", km]  # fmt: skip

    rows = [
        entry("注册登记", "2025-03-03", a, dealer, "单位", "8"),
        entry("转让登记（待出口）", "2025/3/6", a, exporter, "二手车出口企业", "12"),
        entry("注销登记（出境）", "2025年04月20日", a, exporter, "二手车出口企业"),
        entry("抵押登记", "2025-03-03", b, dealer, "单位"),
        entry("转让登记", "20250310", b, "-", "个人", "15,200", fuel="甲醇"),
        entry("注册登记", "2025-02-30", c, dealer, "单位"),
        entry("协助执行", "2025-03-11", c, dealer, "单位"),
        entry("注册登记", "2025-03-12", c.replace("B", "В"), dealer, "单位", "3"),
    ]
    _csv("cn-registry/登记信息.csv", header, rows, ",", "gb18030", quoting=csv.QUOTE_MINIMAL)
    invoice = ["发票代码", "发票号码", "开票日期", "发票状态", "买方单位/个人", "买方单位代码/身份证号码", "卖方单位/个人",
               "卖方单位代码/身份证号码", "车牌照号", "厂牌型号", "车辆识别代号/车架号码", "转入地车辆管理所名称", "车价合计"]  # fmt: skip
    _xlsx("cn-used-invoice/二手车发票.xlsx", "发票", [
        invoice,
        ["044002000117", "00000017", "2025-03-06", "正常", "某出口公司", exporter, "某经销商", dealer, "粤AD12345", "海豹",
         a, "广东省广州市车管所", 152000.0],
        ["044002000117", "00000018", 45723.0, "作废", "某出口公司", exporter, "某经销商", dealer, "粤AD12346", "海豹",
         b, "广东省广州市车管所", "163,500.00"],
        ["", "25442000000012345678", "2025-03-09", "", "王某", "440101199001010011", "某经销商", dealer, "粤B12345", "海豹",
         b, "深圳市车管所", "面议"],
        ["", "", "", "", "", "", "", "", "", "", "", "", ""],
    ])  # fmt: skip
    declaration = ["海关编号", "项号", "申报日期", "出口日期", "境内发货人统一社会信用代码", "境内货源地", "出境关别", "最终目的国",
                   "车辆状态", "监管方式", "许可证号", "商品编号", "总价", "币制", "车架号", "行驶里程", "品牌"]  # fmt: skip
    _xlsx("cn-customs/报关单.xlsx", "Sheet1", [
        declaration,
        ["940220250000012345", 1.0, "2025-03-12", "2025-03-20", exporter, "44013", "9402", "哈萨克斯坦", "旧", "一般贸易",
         "25-AA-100001", "8703801090", 150000.0, "人民币", a, 12.0, "比亚迪"],
        ["940220240000012346", 1.0, "20240312", "", exporter, "新疆乌鲁木齐", "9402", "KGZ", "二手", "0110",
         "24-AA-100002", "8703801090", 21000.0, "美元", b, 4000.0, "特斯拉"],
        ["940220250000012347", 1.0, "2025-03-14", "", exporter, "44013", "9402", "大西洋", "旧", "一般贸易",
         "25-AA-100003", "8703801090", 1.0, "人民币", c, 0.0, "奇瑞"],
    ])  # fmt: skip


def _text(name: str, text: str, encoding: str) -> None:
    (SAMPLES / name).write_bytes(text.encode(encoding))


def _csv(
    name: str, header: list[str], rows: list[list[str]], delimiter: str, encoding: str,
    quoting: int = csv.QUOTE_ALL,
) -> None:  # fmt: skip
    data = io.StringIO(newline="")
    writer = csv.writer(data, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type] # one of its constants
    writer.writerows([header, *rows])
    _text(name, data.getvalue(), encoding)


def _zip(name: str, member: str, data: bytes) -> None:
    with zipfile.ZipFile(SAMPLES / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(member, STAMP), data, zipfile.ZIP_DEFLATED)


def xlsx(path: Path, sheet: str, rows: list[list[str | float]]) -> None:
    """Write a small workbook: texts inline, numbers as numbers."""

    def cell(column: int, row: int, value: str | float) -> str:
        place = f"{chr(65 + column)}{row}"
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        return f'<c r="{place}"><v>{value}</v></c>'

    body = "".join(
        f'<row r="{n}">{"".join(cell(c, n, v) for c, v in enumerate(row))}</row>'
        for n, row in enumerate(rows, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        f'<sheet name="{escape(sheet)}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), text, zipfile.ZIP_DEFLATED)


def _xlsx(name: str, sheet: str, rows: list[list[str | float]]) -> None:
    xlsx(SAMPLES / name, sheet, rows)


def main() -> int:
    SAMPLES.mkdir(exist_ok=True)
    for make in (spain, ukraine, washington, argentina, china):
        make()
    return 0


if __name__ == "__main__":
    sys.exit(main())
