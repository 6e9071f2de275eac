"""Small data folders of the published shapes, with an oddity of each kind."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

Rows = Sequence[Sequence[object]]

PEOPLE = ("BusinessEntityID", "Title", "FirstName", "MiddleName", "LastName", "Suffix", "EmailPromotion", "ModifiedDate")
CUSTOMERS = ("CustomerID", "PersonID", "StoreID", "AccountNumber", "ModifiedDate")
RETAIL = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
DAY = "2014-09-12 11:15:07.263000000"


def write(path: Path, header: Sequence[str], rows: Rows) -> None:
    """One gzip'd CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


def adventureworks(data: Path) -> Path:
    """Two people (one of a store), the store as a customer of its own, an employee; two orders with three lines."""
    folder = data / "adventureworks"

    def put(name: str, header: Sequence[str], *rows: Sequence[object]) -> None:
        write(folder / f"{name}.csv.gz", header, rows)

    put("Person", PEOPLE,
        (7, "Ms", "José", "", "Sánchez", "", 2, "2009-01-07 00:00:00"), (8, "Mr.", "Ken", "J", "Li", "Jr.", 0, DAY),
        (9, "", "Emma", "", "Ployee", "", 0, DAY))  # fmt: skip
    put("EmailAddress", ("BusinessEntityID", "EmailAddress"),
        (7, "José1@adventure-works.com"), (8, "ken0@adventure-works.com"), (9, "emma0@adventure-works.com"))  # fmt: skip
    put("PersonPhone", ("BusinessEntityID", "PhoneNumber", "PhoneNumberTypeID"),
        (7, "1 (11) 500 555-0132", 1), (8, "697-555-0142", 3), (9, "1", 2))  # fmt: skip
    put("Customer", CUSTOMERS, (1, "", 70, "AW00000001", DAY), (11, 7, "", "AW00000011", DAY), (12, 8, 70, "AW00000012", DAY))
    put("StateProvince", ("StateProvinceID", "StateProvinceCode", "CountryRegionCode"), (79, "WA ", "US"), (5, "07 ", "FR"))
    put("Address", ("AddressID", "AddressLine1", "AddressLine2", "City", "StateProvinceID", "PostalCode"),
        (1, "1970 Napa Ct.", "", "Bothell", 79, "98011"), (2, "2, rue Île", "app. 3", "Évry", 5, "91000"),
        (3, "3 Mill", "", "Bothell", 79, "98011"), (4, "4 Dock", "", "Bothell", 79, "98011"),
        (5, "5 Plant", "", "Bothell", 79, "98011"))  # fmt: skip
    put("BusinessEntityAddress", ("BusinessEntityID", "AddressID", "AddressTypeID", "ModifiedDate"),
        (7, 1, 5, DAY), (7, 2, 2, DAY), (70, 3, 3, DAY), (70, 4, 5, DAY), (9, 5, 2, DAY))  # fmt: skip
    put("ProductCategory", ("ProductCategoryID", "Name"), (1, "Bikes"))
    put("ProductSubcategory", ("ProductSubcategoryID", "ProductCategoryID", "Name"), (1, 1, "Road Bikes"))
    put("Product", ("ProductID", "Name", "ProductNumber", "FinishedGoodsFlag", "Color", "ListPrice", "Size",
                    "ProductSubcategoryID", "SellStartDate", "SellEndDate", "DiscontinuedDate", "ModifiedDate"),
        (1, "Bearing", "BE-1", 0, "", 0, "", "", "2008-04-30 00:00:00", "", "", DAY),
        (2, "Road-1", "BK-1", 1, "Red", "99.5000", "58", 1, "2008-04-30 00:00:00", "", "", DAY))  # fmt: skip
    put("SalesOrderHeader", ("SalesOrderID", "OrderDate", "Status", "SalesOrderNumber", "CustomerID", "ShipToAddressID",
                             "SubTotal", "TaxAmt", "Freight", "TotalDue", "ModifiedDate"),
        (43659, "2011-05-31 00:00:00", 5, "SO43659", 11, 2, "199", "8", "1.5", "208.5", DAY),
        (43660, "2011-05-31 00:00:00", 5, "SO43660", 12, 3, "99.5", "0", "0", "99.5", DAY))  # fmt: skip
    put("SalesOrderDetail", ("SalesOrderID", "LineNumber", "ProductID", "OrderQty", "UnitPrice", "UnitPriceDiscountPct",
                             "LineTotal"),
        (43659, 1, 2, 1, "99.5", "0.0", "99.5"), (43659, 2, 2, 1, "99.5", "0.02", "97.51"),
        (43660, 1, 2, 1, "99.5", "0", "99.5"))  # fmt: skip
    return data


RETAIL_ROWS = (
    ("536365", "85123A", " HEART HOLDER ", 6, "2010-12-01 08:26:00", "2.55", "17850.0", "United Kingdom"),
    ("536365", "85123A", " HEART HOLDER ", 6, "2010-12-01 08:26:00", "2.55", "17850.0", "United Kingdom"),
    ("536366", "85123a", "heart holder", 1, "2010-12-01 08:30:00", "2.95", "", "EIRE"),
    ("536365", "POST", "POSTAGE", 1, "2010-12-01 08:27:00", "18", "17850.0", "United Kingdom"),
    ("C536379", "85123A", "HEART HOLDER", -2, "2010-12-02 09:00:00", "2.55", "17850.0", "United Kingdom"),
    ("C536380", "D", "Discount", -1, "2010-12-02 09:01:00", "27.5", "", "United Kingdom"),
    ("536400", "22139", "damages", -9, "2010-12-03 10:00:00", "0.0", "", "United Kingdom"),
    ("536401", "22139", "", 56, "2010-12-03 10:01:00", "0.0", "", "United Kingdom"),
    ("A563185", "B", "Adjust bad debt", 1, "2011-08-12 14:50:00", "-11062.06", "", "United Kingdom"),
    ("536500", "22139", "TEA SET", 2, "2011-01-05 10:00:00", "4.25", "12431.0", "Belgium"),
    ("536501", "22139", "RETRO TEA SET", 3, "2011-02-05 10:00:00", "4.95", "12431.0", "Channel Islands"),
)


def online_retail(data: Path, rows: Rows = RETAIL_ROWS, header: Sequence[str] = RETAIL) -> Path:
    """Eleven rows: each kind of invoice, a duplicate, a straggling line, codes that differ in case, two countries."""
    write(data / "online-retail" / "online_retail.csv.gz", header, rows)
    return data
