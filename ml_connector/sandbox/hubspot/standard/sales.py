"""Standard properties of contacts, companies and deals."""

from ml_connector.sandbox.hubspot.definitions import PropertyGroup, Table, same
from ml_connector.sandbox.hubspot.standard.common import (
    LEAD_STATUSES,
    LIFECYCLE_STAGES,
    Standard,
    address,
    system,
)

INDUSTRIES = same(
    "ACCOUNTING AIRLINES_AVIATION ARCHITECTURE_PLANNING AUTOMOTIVE BANKING BIOTECHNOLOGY BUILDING_MATERIALS"
    " BUSINESS_SUPPLIES_AND_EQUIPMENT CHEMICALS CIVIL_ENGINEERING COMPUTER_SOFTWARE CONSTRUCTION CONSUMER_GOODS"
    " CONSUMER_SERVICES DESIGN EDUCATION_MANAGEMENT ELECTRICAL_ELECTRONIC_MANUFACTURING ENVIRONMENTAL_SERVICES"
    " FACILITIES_SERVICES FARMING FINANCIAL_SERVICES FISHERY FOOD_BEVERAGES FOOD_PRODUCTION FURNITURE"
    " GLASS_CERAMICS_CONCRETE GOVERNMENT_ADMINISTRATION HEALTH_WELLNESS_AND_FITNESS HOSPITAL_HEALTH_CARE HOSPITALITY"
    " HUMAN_RESOURCES IMPORT_AND_EXPORT INDUSTRIAL_AUTOMATION INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE"
    " INTERNET LAW_PRACTICE LOGISTICS_AND_SUPPLY_CHAIN MACHINERY MANAGEMENT_CONSULTING MARITIME"
    " MARKETING_AND_ADVERTISING MECHANICAL_OR_INDUSTRIAL_ENGINEERING MEDICAL_DEVICES MINING_METALS"
    " NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY PACKAGE_FREIGHT_DELIVERY PACKAGING_AND_CONTAINERS"
    " PAPER_FOREST_PRODUCTS PHARMACEUTICALS PLASTICS PRINTING PUBLISHING RAILROAD_MANUFACTURE REAL_ESTATE"
    " RENEWABLES_ENVIRONMENT RESEARCH RESTAURANTS RETAIL SECURITY_AND_INVESTIGATIONS SEMICONDUCTORS SHIPBUILDING"
    " SPORTING_GOODS STAFFING_AND_RECRUITING TELECOMMUNICATIONS TEXTILES TRANSPORTATION_TRUCKING_RAILROAD UTILITIES"
    " VENTURE_CAPITAL_PRIVATE_EQUITY VETERINARY WAREHOUSING WHOLESALE WIRELESS"
)

DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled"),
    ("qualifiedtobuy", "Qualified To Buy"),
    ("presentationscheduled", "Presentation Scheduled"),
    ("decisionmakerboughtin", "Decision Maker Bought-In"),
    ("contractsent", "Contract Sent"),
    ("closedwon", "Closed Won"),
    ("closedlost", "Closed Lost"),
)


def companies() -> Standard:
    """Return the groups and definitions of companies."""
    table = Table("companyinformation")
    table.text("name", "Company name")
    table.text("domain", "Company Domain Name")
    table.text("hs_additional_domains", "Additional Domains")
    table.text("website", "Website URL")
    table.text("phone", "Phone Number", field="phonenumber")
    address(table)
    table.text("address2", "Street Address 2")
    table.text("description", "Description", field="textarea")
    table.text("about_us", "About Us", field="textarea")
    table.choice("industry", "Industry", INDUSTRIES)
    table.number("numberofemployees", "Number of Employees")
    table.number("annualrevenue", "Annual Revenue")
    table.choice("lifecyclestage", "Lifecycle Stage", LIFECYCLE_STAGES)
    table.choice("hs_lead_status", "Lead Status", LEAD_STATUSES)
    table.choice("type", "Type", same("PROSPECT PARTNER RESELLER VENDOR OTHER"))
    table.text("timezone", "Time Zone")
    table.text("founded_year", "Year Founded")
    table.text("linkedin_company_page", "LinkedIn Company Page")
    table.text("hs_parent_company_id", "Parent Company", read_only=True)
    table.text("hs_searchable_calculated_phone_number", "Phone number for search", read_only=True)
    system(table, created="createdate")
    return [PropertyGroup("companyinformation", "Company information", 0)], table.rows


def contacts() -> Standard:
    """Return the groups and definitions of contacts."""
    table = Table("contactinformation")
    table.text("email", "Email")
    table.text("hs_additional_emails", "Additional email addresses")
    table.text("firstname", "First Name")
    table.text("lastname", "Last Name")
    table.text("salutation", "Salutation")
    table.text("jobtitle", "Job Title")
    table.text("company", "Company Name")
    table.text("phone", "Phone Number", field="phonenumber")
    table.text("mobilephone", "Mobile Phone Number", field="phonenumber")
    table.text("fax", "Fax Number")
    table.text("website", "Website URL")
    address(table)
    table.text("hs_language", "Preferred language")
    table.choice("lifecyclestage", "Lifecycle Stage", LIFECYCLE_STAGES)
    table.choice("hs_lead_status", "Lead Status", LEAD_STATUSES)
    table.number("associatedcompanyid", "Primary Associated Company ID", read_only=True)
    table.text("hs_full_name_or_email", "Full name or email", read_only=True)
    table.text("hs_email_domain", "Email Domain", read_only=True)
    table.text("hs_searchable_calculated_phone_number", "Phone number for search", read_only=True)
    table.text("hs_searchable_calculated_mobile_number", "Mobile number for search", read_only=True)
    system(table, created="createdate", modified="lastmodifieddate")
    return [PropertyGroup("contactinformation", "Contact information", 0)], table.rows


def deals() -> Standard:
    """Return the groups and definitions of deals."""
    table = Table("dealinformation")
    table.text("dealname", "Deal Name")
    table.choice("pipeline", "Pipeline", [("default", "Sales Pipeline")])
    table.choice("dealstage", "Deal Stage", DEAL_STAGES)
    table.number("amount", "Amount")
    table.number("amount_in_home_currency", "Amount in company currency", calculated=True)
    table.text("deal_currency_code", "Currency")
    table.moment("closedate", "Close Date")
    table.choice(
        "dealtype", "Deal Type", [("newbusiness", "New Business"), ("existingbusiness", "Existing Business")]
    )
    table.choice("hs_priority", "Priority", same("low medium high"))
    table.text("description", "Deal Description", field="textarea")
    table.truth("hs_is_closed", "Is Deal Closed?", read_only=True)
    table.truth("hs_is_closed_won", "Is Closed Won", read_only=True)
    system(table, created="createdate")
    return [PropertyGroup("dealinformation", "Deal information", 0)], table.rows
