"""Microsoft's AdventureWorks sample (MIT): 19,820 customers of a bicycle shop with their orders. Its keys are kept.

Rules, each counted in the summary:
- `users_user.id` is CustomerID. A customer with a person takes its name, e-mail, phone and the address of the person;
  one without (a shop) is named "Store <StoreID>" and gets the e-mail ``<account number>@adventure-works.invalid``.
- A customer's addresses are its person's, then its store's. The first Home address by AddressID goes into the flat
  columns; without one, the first Main Office does. The others become `users_address` rows with the AddressID as id;
  where a second customer of the same store gets one too, its id is AddressID + 100,000.
- Codes lose their padding; e-mail addresses are lower-cased; 'Ms' and 'Ms.' stay as they are.
- A person or address that belongs to no customer (employees, vendors, contacts) is counted and left out.
- Customers have no password in the source; amounts are in US dollars (there is no exchange rate in the data).
- Categories keep ProductCategoryID; subcategories get 100 + ProductSubcategoryID. A product is active when it is a
  finished good that is still sold.
"""
